/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.eval.table.PythonText;

/** Which option a reply names, by the rules of VLMEvalKit's {@code can_infer}. */
final class OptionReading {
  /** The answer of someone who names none of the options. */
  static final String NONE = "Z";

  private static final String FAILURE = "Failed to obtain answer via API";

  /** Only these words refuse; "I don't know" is read on for letters and options. */
  private static final List<String> REFUSALS =
      List.of(
          "Sorry, I can't help with images of people yet.",
          "I can't process this file.",
          "I'm sorry, but without the image provided",
          "Cannot determine the answer");

  /** Become spaces. Quotes are not among them: 'A' in quotes is no letter that stands alone. */
  private static final String PUNCTUATION = ".()[],:;!*#{}";

  /** A letter must be one of so many last words. */
  private static final int LAST_WORDS = 4;

  /**
   * "answer is" and a letter. No word boundary follows: in "the answer is about 5" it reads A, as
   * the tool does.
   */
  private static final Pattern VERBOSE =
      Pattern.compile(
          "(?:correct[\\s\\x1c-\\x1f]+)?answer[\\s\\x1c-\\x1f]+is[\\s\\x1c-\\x1f]+\\**([ABCD])",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);

  private OptionReading() {}

  /**
   * The option's letter, {@link #NONE} for a refusal, or nothing where the reply names no single
   * option.
   *
   * @param options texts by letter
   */
  static Optional<String> read(String reply, Map<String, String> options) {
    Optional<String> letter = letter(reply, options);
    return letter.isPresent() ? letter : text(reply, options);
  }

  private static Optional<String> letter(String reply, Map<String, String> options) {
    if (reply.contains(FAILURE)) {
      return Optional.empty();
    }
    if (REFUSALS.stream().anyMatch(reply::contains)) {
      return Optional.of(NONE);
    }
    List<String> words = PythonText.split(withoutPunctuation(reply));
    List<String> named = options.keySet().stream().filter(words::contains).toList();
    if (named.size() == 1) {
      // A letter is an answer near the end alone. Which one counts is where it first stands: "A …
      // so A" with five words between them is not read here.
      if (words.indexOf(named.get(0)) > words.size() - LAST_WORDS - 1) {
        return Optional.of(named.get(0));
      }
    } else if (named.isEmpty() && words.contains(NONE)) {
      return Optional.of(NONE);
    }
    Matcher verbose = VERBOSE.matcher(reply);
    if (verbose.find()) {
      String found = verbose.group(1).toUpperCase(Locale.ROOT);
      return options.containsKey(found) ? Optional.of(found) : Optional.empty();
    }
    return Optional.empty();
  }

  private static String withoutPunctuation(String reply) {
    StringBuilder text = new StringBuilder(reply);
    for (int i = 0; i < text.length(); i++) {
      if (PUNCTUATION.indexOf(text.charAt(i)) >= 0) {
        text.setCharAt(i, ' ');
      }
    }
    return text.toString();
  }

  /**
   * The one option whose text stands in the reply, letter case aside. Words are not kept apart:
   * "nothing" holds "no". A reply over twice as long as all options together is not searched.
   */
  private static Optional<String> text(String reply, Map<String, String> options) {
    String lower = reply.toLowerCase(Locale.ROOT);
    int all = options.values().stream().mapToInt(PythonText::length).sum();
    if (PythonText.length(lower) > 2 * all) {
      return Optional.empty();
    }
    List<String> found = new ArrayList<>();
    options.forEach(
        (letter, text) -> {
          if (lower.contains(text.toLowerCase(Locale.ROOT))) {
            found.add(letter);
          }
        });
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }
}
