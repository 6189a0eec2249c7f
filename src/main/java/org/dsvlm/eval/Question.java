/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.List;
import org.dsvlm.text.ConversationTemplate;

/**
 * The question to a model about one row.
 *
 * @param index the row's name in the benchmark's file; replies are kept by it
 * @param parts pictures and text in the order in which the model gets them
 */
public record Question(String index, List<QuestionPart> parts) {
  /** The system message of VLMEvalKit's LLaVA-1.5; Vicuna's own says "user" for "human". */
  private static final String SYSTEM =
      "A chat between a curious human and an artificial intelligence assistant. The assistant gives"
          + " helpful, detailed, and polite answers to the human's questions. ";

  public Question {
    parts = List.copyOf(parts);
  }

  /** The pictures, in the order of their marks in {@link #content}. */
  public List<EncodedPicture> pictures() {
    return parts.stream()
        .filter(QuestionPart.Image.class::isInstance)
        .map(part -> ((QuestionPart.Image) part).picture())
        .toList();
  }

  /**
   * The parts as one text, each picture as {@link ConversationTemplate#IMAGE} with a space on
   * either side, as VLMEvalKit joins them for LLaVA.
   */
  public String content() {
    StringBuilder content = new StringBuilder();
    for (QuestionPart part : parts) {
      if (part instanceof QuestionPart.Text text) {
        content.append(text.text());
      } else {
        content.append(' ').append(ConversationTemplate.IMAGE).append(' ');
      }
    }
    return content.toString();
  }

  /**
   * The whole prompt that the leaderboard's LLaVA-1.5 gets. It ends in a space, which LLaVA's own
   * template leaves to the model.
   */
  public String leaderboardPrompt() {
    return SYSTEM + "USER: " + content() + " ASSISTANT: ";
  }
}
