/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A question about a scene.
 *
 * @param text the question
 * @param answer in as few words as answer it
 * @param wrong answers that would fit the question and are wrong: at least one
 */
record Question(Type type, String text, String answer, List<String> wrong) {
  /** The most options of a multiple choice. */
  private static final int MOST_OPTIONS = 4;

  /** The subject of a question: a benchmark's category. */
  enum Type {
    WHAT("what"),
    CATEGORY("category"),
    COLOUR("colour"),
    COUNT("how many"),
    PLACE("where"),
    PRESENT("is there"),
    SIZE("larger or smaller"),
    TEXT("which text"),
    ODD("odd one out");

    private final String words;

    Type(String words) {
      this.words = words;
    }

    /** Its name in benchmark files. */
    String words() {
      return words;
    }
  }

  Question {
    wrong = List.copyOf(wrong);
  }

  boolean yesOrNo() {
    return answer.equals("yes") || answer.equals("no");
  }

  /** The answer and up to three wrong ones, in an order that {@code dice} draws. */
  List<String> options(Dice dice) {
    Stream<String> some = dice.shuffled(wrong).stream().limit(MOST_OPTIONS - 1);
    return dice.shuffled(Stream.concat(Stream.of(answer), some).toList());
  }

  /** Options that begin with another one each time, for a score over all rotations. */
  static List<String> rotated(List<String> options, int by) {
    List<String> result = new ArrayList<>(options.subList(by, options.size()));
    result.addAll(options.subList(0, by));
    return result;
  }

  /** The letter of option number {@code index}. */
  static String letter(int index) {
    return String.valueOf((char) ('A' + index));
  }

  /** The question as the leaderboard asks it, with {@code options} under letters. */
  String withOptions(List<String> options) {
    StringBuilder lines = new StringBuilder(text);
    for (int i = 0; i < options.size(); i++) {
      lines.append('\n').append(letter(i)).append(". ").append(options.get(i));
    }
    return lines
        .append("\nAnswer with the option's letter from the given choices directly.")
        .toString();
  }
}
