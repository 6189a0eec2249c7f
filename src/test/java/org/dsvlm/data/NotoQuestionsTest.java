/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.data.NotoQuestions.Question;
import org.dsvlm.data.NotoQuestions.QuestionType;
import org.dsvlm.tensor.RandomState;
import org.junit.jupiter.api.Test;

class NotoQuestionsTest {
  private final List<NotoEmoji> all = NotoEmoji.all();
  private final NotoQuestions questions = new NotoQuestions(all);

  @Test
  void everyAnswerIsTrue() {
    Pattern called = Pattern.compile("Is this called (.+)\\?");
    Pattern group = Pattern.compile("Does it belong to (.+)\\?");
    int yes = 0;
    for (NotoEmoji emoji : all) {
      List<Question> asked =
          questions.about(emoji, new RandomState(1).fork(emoji.code())).stream()
              .flatMap(List::stream)
              .toList();
      assertThat(asked).hasSize(emoji.colour().isPresent() ? 5 : 4);
      for (Question question : asked) {
        String expected =
            switch (question.kind()) {
              case NAME -> emoji.name();
              case GROUP -> NotoQuestions.spoken(emoji.group());
              case COLOUR -> emoji.colour().orElseThrow();
              case IS_CALLED -> yesIf(called, question, emoji.name());
              case IS_IN_GROUP -> yesIf(group, question, NotoQuestions.spoken(emoji.group()));
            };
        assertThat(question.answer()).as(question.toString()).isEqualTo(expected);
        yes += question.answer().equals("yes") ? 1 : 0;
      }
    }
    // Two questions of yes or no each, asked evenly.
    assertThat(yes).isBetween(all.size() * 9 / 10, all.size() * 11 / 10);
  }

  private static String yesIf(Pattern pattern, Question question, String truth) {
    Matcher matcher = pattern.matcher(question.question());
    assertThat(matcher.matches()).isTrue();
    return matcher.group(1).equals(truth) ? "yes" : "no";
  }

  @Test
  void noConversationGivesItsOwnAnswersAway() {
    for (NotoEmoji emoji : all) {
      for (List<Question> conversation : questions.about(emoji, new RandomState(2))) {
        List<QuestionType> kinds = conversation.stream().map(Question::kind).toList();
        assertThat(kinds).hasSizeBetween(2, 3);
        assertThat(kinds.contains(QuestionType.NAME))
            .isNotEqualTo(kinds.contains(QuestionType.IS_CALLED));
        assertThat(kinds.contains(QuestionType.GROUP))
            .isNotEqualTo(kinds.contains(QuestionType.IS_IN_GROUP));
      }
    }
  }

  @Test
  void equalSeedsAskTheSameAndOthersDoNot() {
    NotoEmoji emoji = all.get(100);
    assertThat(questions.about(emoji, new RandomState(1)))
        .isEqualTo(questions.about(emoji, new RandomState(1)));
    Set<List<List<Question>>> different = new HashSet<>();
    Set<QuestionType> first = new HashSet<>();
    for (long seed = 0; seed < 40; seed++) {
      List<List<Question>> asked = questions.about(emoji, new RandomState(seed));
      different.add(asked);
      asked.forEach(conversation -> first.add(conversation.get(0).kind()));
    }
    assertThat(different).hasSizeGreaterThan(30);
    assertThat(first)
        .as("each kind comes first now and then")
        .contains(
            QuestionType.NAME,
            QuestionType.GROUP,
            QuestionType.IS_CALLED,
            QuestionType.IS_IN_GROUP);
  }
}
