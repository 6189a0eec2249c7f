/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * How much the steps of a tokenizer.json may make of a text, found from the steps alone: six that
 * each put a hundred letters in place of one would make a million million of one letter.
 */
final class TokenizerWork {
  /** The most characters that may come of one. */
  static final long MOST_GROWTH = 1000;

  /** Steps of one part of the file; published files have up to six. */
  static final int MOST_STEPS = 32;

  /** Tokens that post-processing may put around a text. */
  static final int MOST_ADDED = 256;

  private TokenizerWork() {}

  /**
   * The steps of {@code part} in the order in which they run, without the sequences around them.
   */
  static List<JsonNode> steps(String key, JsonNode part) {
    List<JsonNode> steps = new ArrayList<>();
    collect(TokenizerParts.stepsKey(key), part, steps);
    return steps;
  }

  private static void collect(String key, JsonNode part, List<JsonNode> steps) {
    if (part.path("type").asText().equals(TokenizerParts.SEQUENCE)) {
      part.path(key).forEach(step -> collect(key, step, steps));
    } else if (part.isObject()) {
      steps.add(part);
    }
  }

  /**
   * The most characters that {@code steps} make of one; above {@link #MOST_GROWTH} it is a bound no
   * more. The first normalisation, lower case or single character in front is not counted: the
   * longest text leaves room for one.
   */
  static long growth(List<JsonNode> steps) {
    long growth = 1;
    boolean mapped = false;
    boolean prepended = false;
    for (JsonNode step : steps) {
      String type = step.path("type").asText();
      long factor = 1;
      switch (type) {
        case "NFC", "NFD", "NFKC", "NFKD", "Lowercase" -> {
          factor = mapped ? expansion(type) : 1;
          mapped = true;
        }
        case "Prepend" -> {
          int length = step.path("prepend").asText().length();
          factor = length <= 1 && !prepended ? 1 : 1 + length;
          prepended = true;
        }
        case "Replace" -> factor = replacement(step);
        default -> {
          // The others add a character to a piece at most.
        }
      }
      growth = Math.min(growth * factor, MOST_GROWTH + 1);
    }
    return growth;
  }

  /** By the tables of Unicode, UAX 15 and CaseFolding, in UTF-16 units. */
  private static long expansion(String type) {
    return switch (type) {
      case "NFKC", "NFKD" -> 18;
      case "NFC", "NFD" -> 4;
      default -> 3;
    };
  }

  private static long replacement(JsonNode step) {
    long content = step.path("content").asText().length();
    JsonNode text = step.path("pattern").path("String");
    long pattern = text.isTextual() ? Math.max(1, text.asText().length()) : 1;
    return Math.max(1, (content + pattern - 1) / pattern);
  }

  /** Tokens that {@code steps} of post-processing put around a text. */
  static long added(List<JsonNode> steps) {
    long added = 0;
    for (JsonNode step : steps) {
      for (JsonNode piece : step.path("single")) {
        String token = piece.path("SpecialToken").path("id").asText();
        added += step.path("special_tokens").path(token).path("ids").size();
      }
    }
    return added;
  }
}
