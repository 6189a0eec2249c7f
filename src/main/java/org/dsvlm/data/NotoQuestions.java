/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.dsvlm.tensor.RandomState;

/** Questions about an emoji and their answers, drawn from its name, group and colour. */
final class NotoQuestions {
  /** The subject of a question; an evaluation may count each type by itself. */
  enum QuestionType {
    NAME,
    GROUP,
    COLOUR,
    IS_CALLED,
    IS_IN_GROUP
  }

  /** A question, its answer and what it asks for. */
  record Question(QuestionType kind, String question, String answer) {}

  private static final List<String> NAME =
      List.of("What is this?", "What does the picture show?", "What do you see?");
  private static final List<String> GROUP =
      List.of("Which group does it belong to?", "What kind of thing is it?");
  private static final List<String> COLOUR =
      List.of("What colour is it?", "Which colour does it mostly have?");

  private final List<NotoEmoji> all;
  private final List<String> groups;

  /** Questions whose wrong names and groups are drawn from {@code all}. */
  NotoQuestions(List<NotoEmoji> all) {
    this.all = all;
    this.groups = all.stream().map(NotoEmoji::group).distinct().sorted().toList();
  }

  /** A group as an answer gives it: "food and drink". */
  static String spoken(String group) {
    return group.toLowerCase(Locale.ROOT).replace("&", "and");
  }

  /**
   * Two conversations about {@code emoji}, which together ask one question of each kind that fits.
   * A fact that one question gives away ("Is this called bread?") is asked for in the other alone.
   */
  List<List<Question>> about(NotoEmoji emoji, RandomState random) {
    List<Question> first = new ArrayList<>();
    first.add(new Question(QuestionType.NAME, pick(NAME, random.fork("name")), emoji.name()));
    first.add(isInGroup(emoji, random.fork("is in group")));
    emoji
        .colour()
        .ifPresent(
            colour ->
                first.add(
                    new Question(
                        QuestionType.COLOUR, pick(COLOUR, random.fork("colour")), colour)));
    List<Question> second = new ArrayList<>();
    second.add(
        new Question(QuestionType.GROUP, pick(GROUP, random.fork("group")), spoken(emoji.group())));
    second.add(isCalled(emoji, random.fork("is called")));
    return List.of(
        shuffled(first, random.fork("first order")), shuffled(second, random.fork("second order")));
  }

  private Question isCalled(NotoEmoji emoji, RandomState random) {
    boolean yes = random.fork("yes").below(2) == 1;
    String name = yes ? emoji.name() : otherName(emoji, random.fork("other"));
    return new Question(QuestionType.IS_CALLED, "Is this called " + name + "?", yes ? "yes" : "no");
  }

  /** A name from another subgroup: within one, two names may fit the same picture. */
  private String otherName(NotoEmoji emoji, RandomState random) {
    for (long attempt = 0; ; attempt++) {
      NotoEmoji other = pick(all, random.fork(attempt));
      if (!other.subgroup().equals(emoji.subgroup())) {
        return other.name();
      }
    }
  }

  private Question isInGroup(NotoEmoji emoji, RandomState random) {
    boolean yes = random.fork("yes").below(2) == 1;
    List<String> others = groups.stream().filter(group -> !group.equals(emoji.group())).toList();
    String group = yes ? emoji.group() : pick(others, random.fork("other"));
    return new Question(
        QuestionType.IS_IN_GROUP, "Does it belong to " + spoken(group) + "?", yes ? "yes" : "no");
  }

  private static <T> T pick(List<T> choices, RandomState random) {
    return choices.get((int) random.below(choices.size()));
  }

  /** Fisher and Yates's shuffle. */
  private static <T> List<T> shuffled(List<T> items, RandomState random) {
    List<T> result = new ArrayList<>(items);
    for (int last = result.size() - 1; last > 0; last--) {
      int chosen = (int) random.fork(last).below(last + 1L);
      T moved = result.set(chosen, result.get(last));
      result.set(last, moved);
    }
    return result;
  }
}
