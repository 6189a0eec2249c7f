/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.language;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import org.dsvlm.tensor.DsVlmException;

/**
 * The steps around the merges that a tokenizer.json names: those of the Llama family, with values
 * that make sense. The library is native code that ends the whole process where it meets a value
 * that it did not expect, so nothing else is handed to it.
 */
final class TokenizerParts {
  private static final String SEQUENCE = "Sequence";

  /** What holds the steps of a sequence. */
  private static final Map<String, String> STEPS =
      Map.of(
          "normalizer", "normalizers",
          "pre_tokenizer", "pretokenizers",
          "post_processor", "processors",
          "decoder", "decoders");

  private static final Map<String, Set<String>> KNOWN =
      Map.of(
          "normalizer",
          Set.of("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "Prepend", "Replace"),
          "pre_tokenizer",
          Set.of("ByteLevel", "Metaspace", "Split", "Digits"),
          "post_processor",
          Set.of("ByteLevel", "TemplateProcessing"),
          "decoder",
          Set.of("ByteLevel", "ByteFallback", "Fuse", "Metaspace", "Replace", "Strip"));

  /** The deepest that sequences are nested in one another. */
  private static final int DEPTH = 8;

  private final String where;

  /** Complaints begin with {@code where}. */
  TokenizerParts(String where) {
    this.where = where;
  }

  /** Whether {@code key} of tokenizer.json holds such steps. */
  static boolean isPart(String key) {
    return KNOWN.containsKey(key);
  }

  /**
   * Demands that {@code part}, found under {@code key}, is built of known steps.
   *
   * @throws DsVlmException naming the key and the step
   */
  void check(String key, JsonNode part) {
    if (!part.isNull()) {
      check(key, part, 0);
    }
  }

  private void check(String key, JsonNode part, int depth) {
    String type = part.path("type").asText();
    if (type.equals(SEQUENCE)) {
      JsonNode steps = part.path(STEPS.get(key));
      expect(steps.isArray() && depth < DEPTH, key, "is a sequence without steps, or too deep");
      for (JsonNode step : steps) {
        check(key, step, depth + 1);
      }
      return;
    }
    expect(
        KNOWN.get(key).contains(type),
        key,
        "has a step of type '" + type + "'; known: " + KNOWN.get(key).stream().sorted().toList());
    switch (type) {
      case "Replace", "Split" -> checkPattern(key, part.path("pattern"));
      case "TemplateProcessing" -> checkTemplate(part);
      case "Strip" -> checkStrip(key, part);
      default -> {
        // The library itself complains of what is missing or of another kind.
      }
    }
  }

  /** The library cuts a token of nothing but what is stripped below its length. */
  private void checkStrip(String key, JsonNode part) {
    expect(
        key.equals("normalizer") || part.path("stop").asInt(-1) == 0,
        key,
        "strips the end of tokens, which is not supported");
  }

  private void checkPattern(String key, JsonNode pattern) {
    if (pattern.has("Regex")) {
      String regex = pattern.path("Regex").asText();
      expect(
          !regex.isEmpty() && SafePattern.isSafe(regex),
          key,
          "has pattern '"
              + regex
              + "', which can take for ever; patterns must not nest repetitions");
    } else {
      expect(!pattern.path("String").asText().isEmpty(), key, "looks for an empty text");
    }
  }

  /** Special tokens that a template names without their ids are looked up all the same. */
  private void checkTemplate(JsonNode part) {
    JsonNode tokens = part.path("special_tokens");
    for (JsonNode token : tokens) {
      int ids = token.path("ids").size();
      boolean right = ids > 0 && ids == token.path("tokens").size();
      expect(right, "post_processor", "has a special token without one text for each id");
    }
    for (String form : new String[] {"single", "pair"}) {
      for (JsonNode piece : part.path(form)) {
        JsonNode token = piece.path("SpecialToken").path("id");
        expect(
            piece.has("Sequence") || tokens.has(token.asText()),
            "post_processor",
            "puts '" + token.asText() + "' around a text, but does not list it");
        expect(
            form.equals("pair") || !piece.path("Sequence").path("id").asText().equals("B"),
            "post_processor",
            "puts a second text into the template of a single one");
      }
    }
  }

  private void expect(boolean right, String key, String problem) {
    if (!right) {
      throw new DsVlmException(where + ": '" + key + "' " + problem);
    }
  }
}
