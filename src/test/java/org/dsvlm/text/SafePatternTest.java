/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafePatternTest {
  /** Those of GPT-2, Llama 3, Qwen2 and GPT-4o, and others with the same means. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}",
        "[一-龥\u3040-ゟ゠-ヿ]+",
        "a+?b*+c{2}(?<=x)(?:ab)*[a&&[^b]]+\\x{41}"
      })
  void patternsOfTokenizersAreSafe(String regex) {
    assertThat(SafePattern.isSafe(regex)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a*)*",
        "(a+)+b",
        "(?:a?b?)*",
        "(a|ab)*c",
        "((a*)b)+",
        "(?:\\p{N}{1,3})+",
        "a**",
        "a{1,9}{1,9}",
        "(a)\\1",
        "(?<name>a)\\k<name>",
        "(",
        "a)",
        "[a",
        "[a\\",
        "*"
      })
  void whatVariesInARepetitionIsNot(String regex) {
    assertThat(SafePattern.isSafe(regex)).isFalse();
    assertThat(SafePattern.isSafe("a".repeat(3000))).isFalse();
  }
}
