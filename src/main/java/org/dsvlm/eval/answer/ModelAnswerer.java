/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.dsvlm.eval.Questions;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.PreparedPrompt;

/**
 * A LLaVA that answers, several questions at a time. A reply does not hang on what is answered with
 * it, so neither the number of them nor what a run before has answered changes one.
 */
final class ModelAnswerer {
  /** Batches that are looked over at once, so that prompts of equal length find together. */
  private static final int BATCHES_AT_ONCE = 8;

  private final LlavaChat chat;
  private final GenerationSettings settings;
  private final int together;
  private final AskedText asked;
  private final AnswerListener listener;

  /** together: the most questions that are answered at a time. */
  ModelAnswerer(
      LlavaChat chat,
      GenerationSettings settings,
      int together,
      AskedText asked,
      AnswerListener listener) {
    this.chat = chat;
    this.settings = settings;
    this.together = together;
    this.asked = asked;
    this.listener = listener;
  }

  /** Answers the questions at {@code positions}. */
  void answer(Questions questions, List<Integer> positions, AnswerLog log) {
    listener.started(questions.size(), positions.size());
    int window = chat.groupsByLength() ? BATCHES_AT_ONCE * together : together;
    try (Preparation ready = new Preparation(chat, questions, asked, positions, 2 * window)) {
      while (ready.hasNext()) {
        List<Preparation.Ready> taken = new ArrayList<>();
        while (ready.hasNext() && taken.size() < window) {
          taken.add(ready.next());
        }
        answer(taken, log);
      }
    }
  }

  private void answer(List<Preparation.Ready> window, AnswerLog log) {
    List<Preparation.Ready> askable = new ArrayList<>();
    for (Preparation.Ready one : window) {
      String error = one.error();
      if (error == null) {
        askable.add(one);
      } else {
        log.fail(one.index(), error);
        listener.answered(1);
      }
    }
    try {
      askable.sort(Comparator.comparingInt(one -> one.asked().ids().length));
      for (int i = 0; i < askable.size(); i += together) {
        List<Preparation.Ready> batch = askable.subList(i, Math.min(askable.size(), i + together));
        List<PreparedPrompt> prompts = batch.stream().map(Preparation.Ready::asked).toList();
        List<String> replies = chat.answers(prompts, settings);
        for (int j = 0; j < replies.size(); j++) {
          log.put(batch.get(j).index(), replies.get(j).strip());
        }
        listener.answered(replies.size());
      }
    } finally {
      askable.forEach(one -> one.asked().close());
    }
  }
}
