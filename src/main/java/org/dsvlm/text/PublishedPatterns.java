/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * The regular expressions of published tokenizers. The tokenizers library matches these by itself;
 * its engine tries way after way and ends the process at the ten millionth, which no text of the
 * longest that is taken brings these to. Any other expression goes through {@link OwnSplits}.
 */
final class PublishedPatterns {
  private static final String CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d";
  private static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String WORD = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String SIGNS = " ?[^\\s\\p{L}\\p{N}]+";

  /** Of steps that split, each by the model that is known for it. */
  private static final Map<String, String> SPLITS =
      Map.ofEntries(
          Map.entry(
              "GPT-2",
              CONTRACTIONS + "| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"),
          Map.entry("Llama 3", words("\\p{L}+|\\p{N}{1,3}|" + SIGNS)),
          Map.entry("Qwen2", words("\\p{L}+|\\p{N}|" + SIGNS)),
          Map.entry("Qwen3.5", words("[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+")),
          Map.entry(
              "GPT-4o",
              cased("(?i:" + CONTRACTIONS + ")?")
                  + "\\p{N}{1,3}|"
                  + SIGNS
                  + "[\\r\\n/]*|"
                  + SPACES),
          Map.entry("Mistral Nemo", cased("") + "\\p{N}|" + SIGNS + "[\\r\\n/]*|" + SPACES),
          Map.entry("DeepSeek-V3 digits", "\\p{N}{1,3}"),
          Map.entry("DeepSeek-V3 ideographs", "[一-龥\u3040-ゟ゠-ヿ]+"),
          Map.entry(
              "DeepSeek-V3 words",
              "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
                  + "[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
                  + SPACES),
          Map.entry("digits", "\\p{N}"),
          Map.entry("white space", "\\s+"));

  /** Of steps that replace: neither matches nothing. */
  private static final Set<String> REPLACED = Set.of(" {2,}", "\\s+");

  private PublishedPatterns() {}

  private static String words(String kinds) {
    return "(?i:" + CONTRACTIONS + ")|" + WORD + kinds + "[\\r\\n]*|" + SPACES;
  }

  private static String cased(String ending) {
    return WORD + UPPER + "*" + LOWER + "+" + ending + "|" + WORD + UPPER + "+" + LOWER + "*"
        + ending + "|";
  }

  /** Whether a published tokenizer splits by {@code regex}. */
  static boolean splits(String regex) {
    return SPLITS.containsValue(regex);
  }

  /** Whether a published tokenizer replaces what matches {@code regex}. */
  static boolean replaces(String regex) {
    return REPLACED.contains(regex);
  }

  /** Those of {@link #splits}. */
  static Collection<String> splits() {
    return SPLITS.values();
  }

  /** Those of {@link #replaces}. */
  static Set<String> replaced() {
    return REPLACED;
  }
}
