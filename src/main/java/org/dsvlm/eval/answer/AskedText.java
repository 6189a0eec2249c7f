/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import org.dsvlm.eval.Question;
import org.dsvlm.eval.QuestionPart;
import org.dsvlm.text.ConversationTemplate;

/** How the parts of a question become the text of one turn. */
@FunctionalInterface
public interface AskedText {
  /** As the leaderboard's tool asks LLaVA-1.5: each picture with a space on either side. */
  AskedText LEADERBOARD = Question::content;

  /** As LLaVA is trained and asked by its own code: each picture with a line break behind it. */
  AskedText LLAVA = AskedText::llava;

  /** The text, each picture as {@link ConversationTemplate#IMAGE}. */
  String of(Question question);

  private static String llava(Question question) {
    StringBuilder text = new StringBuilder();
    for (QuestionPart part : question.parts()) {
      if (part instanceof QuestionPart.Text words) {
        text.append(words.text());
      } else {
        text.append(ConversationTemplate.IMAGE).append('\n');
      }
    }
    return text.toString();
  }
}
