/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.dsvlm.eval.table.Row;

/** A multiple-choice question as VLMEvalKit's LLaVA-1.5 gets it. */
final class ChoicePrompt {
  private static final Pattern CHINESE = Pattern.compile("[\\x{4e00}-\\x{9fff}]");

  private ChoicePrompt() {}

  /** The options of a row, by letter, in the letters' order. */
  static Map<String, String> options(Row row) {
    Map<String, String> options = new LinkedHashMap<>();
    for (char c = 'A'; c <= 'Z'; c++) {
      String letter = String.valueOf(c);
      if (row.has(letter)) {
        options.put(letter, row.get(letter));
      }
    }
    return options;
  }

  /** Hint, question, a line for each option, and what to answer with. */
  static String text(Row row) {
    Map<String, String> options = options(row);
    StringBuilder text = new StringBuilder();
    if (row.has("hint")) {
      text.append(row.get("hint")).append('\n');
    }
    text.append(row.require("question"));
    options.forEach((letter, option) -> text.append('\n').append(lineOf(letter, option)));
    // One Chinese character anywhere turns the last line Chinese.
    boolean chinese = CHINESE.matcher(text).find();
    if (options.isEmpty()) {
      text.append(chinese ? "\n请直接回答问题。" : "\nAnswer the question directly.");
    } else {
      text.append(
          chinese
              ? "\n请直接回答选项字母。"
              : "\nAnswer with the option's letter from the given choices directly.");
    }
    return text.toString();
  }

  static String lines(Map<String, String> options) {
    StringBuilder lines = new StringBuilder();
    options.forEach((letter, option) -> lines.append(lineOf(letter, option)).append('\n'));
    return lines.toString().strip();
  }

  private static String lineOf(String letter, String option) {
    return letter + ". " + option;
  }
}
