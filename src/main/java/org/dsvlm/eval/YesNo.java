/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.eval.table.PythonText;

/** Reads yes or no from replies, by the rules of VLMEvalKit's {@code YOrN_Extraction}. */
final class YesNo {
  static final String YES = "Yes";
  static final String NO = "No";
  static final String UNKNOWN = "Unknown";

  /** How often the tool asks its judge about one reply. */
  private static final int ATTEMPTS = 5;

  private static final String[] MARKS = {
    ";", "/", "[", "]", "\"", "{", "}", "(", ")", "=", "+", "\\", "_", "-", ">", "<", "@", "`", ",",
    "?", "!"
  };

  private static final Pattern COMMA_IN_NUMBER = Pattern.compile("\\p{Nd},\\p{Nd}");
  private static final Pattern FULL_STOP = Pattern.compile("(?<!\\p{Nd})\\.(?!\\p{Nd})");

  /**
   * The tool means to pass a flag and passes a count: the flag's value is 32, so that is how many
   * full stops go.
   */
  private static final int FULL_STOPS = 32;

  private YesNo() {}

  /** Yes or No where the reply has just one of the two as a word, else Unknown. */
  static String read(String reply) {
    List<String> words = PythonText.split(withoutPunctuation(reply.toLowerCase(Locale.ROOT)));
    boolean yes = words.contains("yes");
    return yes == words.contains("no") ? UNKNOWN : yes ? YES : NO;
  }

  /**
   * A mark with a space on either side anywhere in the text goes without trace, and so does every
   * mark of a text with a number like 1,000; other marks become spaces. So "no/yes" is two words,
   * "no/yes / maybe" begins with the one word "noyes". Asterisks and quotes of other kinds stay.
   */
  static String withoutPunctuation(String text) {
    boolean number = COMMA_IN_NUMBER.matcher(text).find();
    String out = text;
    for (String mark : MARKS) {
      boolean spaced = number || text.contains(mark + " ") || text.contains(" " + mark);
      out = out.replace(mark, spaced ? "" : " ");
    }
    Matcher stops = FULL_STOP.matcher(out);
    StringBuilder rest = new StringBuilder();
    for (int i = 0; i < FULL_STOPS && stops.find(); i++) {
      stops.appendReplacement(rest, "");
    }
    return stops.appendTail(rest).toString();
  }

  /** Each of {@code items} as a question with two answers. */
  static List<ClosedAnswer> closed(List<Item> items) {
    return items.stream()
        .map(
            item -> {
              String right = item.require("answer");
              return new ClosedAnswer(
                  item.index(),
                  item.require("category"),
                  List.of(YES, NO),
                  right,
                  read(item.reply()).equals(right));
            })
        .toList();
  }

  /** Yes, No or Unknown by row; the judge is asked about those that are Unknown. */
  static Map<String, String> read(List<Item> items, Judging judging) {
    Map<String, String> answers = new HashMap<>();
    List<Item> unknown = new ArrayList<>();
    for (Item item : items) {
      String answer = read(item.reply());
      answers.put(item.index(), answer);
      if (answer.equals(UNKNOWN)) {
        unknown.add(item);
      }
    }
    judging
        .ask(
            "yes_no",
            unknown,
            ATTEMPTS,
            item -> reply -> !read(reply).equals(UNKNOWN),
            item -> Map.of("question", item.require("question"), "reply", item.reply()))
        .forEach((row, reply) -> answers.put(row, read(reply)));
    return answers;
  }
}
