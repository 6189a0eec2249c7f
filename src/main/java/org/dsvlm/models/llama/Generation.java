/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;

/**
 * Writes answers to prompts that are all known, token by token, with a cache of keys and values,
 * several at a time. An answer is the same bit for bit whatever is answered with it, and in
 * whichever order, see {@link AnswerGroup}. Prompts whose answers end sooner make place for others.
 */
public final class Generation {
  /**
   * The input of a generation.
   *
   * @param embeddings [tokens, hidden]
   * @param ids of those tokens, for the repetition penalty
   * @param draws names the prompt's random draws, which hang on it and on the seed alone
   * @param maxNewTokens the most tokens of the answer
   */
  public record Prompt(Tensor embeddings, long[] ids, long draws, int maxNewTokens) {}

  private final CausalLm languageModel;
  private final GenerationSettings settings;
  private final TokenListener listener;
  private final int rows;

  /** As below, one row a step where the native decoder does not serve. */
  public Generation(CausalLm languageModel, GenerationSettings settings, TokenListener listener) {
    this(languageModel, settings, listener, 1);
  }

  /**
   * A generation.
   *
   * @param settings but for the number of new tokens, which each prompt says for itself
   * @param rows of each step where the native decoder does not serve; with another number an answer
   *     may be another
   */
  public Generation(
      CausalLm languageModel, GenerationSettings settings, TokenListener listener, int rows) {
    this.languageModel = languageModel;
    this.settings = settings;
    this.listener = listener;
    this.rows = rows;
  }

  /**
   * Answers to all prompts; each without the token that ended it.
   *
   * @throws DsVlmException if a prompt and its answer can outgrow the model's context
   */
  public List<long[]> run(List<Prompt> prompts) {
    Map<Answer, Tensor> answers = new LinkedHashMap<>();
    for (int i = 0; i < prompts.size(); i++) {
      Prompt prompt = prompts.get(i);
      int record = i;
      Answer answer =
          new Answer(
              prompt.ids(),
              prompt.draws(),
              prompt.maxNewTokens(),
              settings,
              Answer.NO_LIKELIHOODS,
              id -> listener.onToken(record, id));
      answer.requireRoom(languageModel.config().maxPositions());
      answers.put(answer, prompt.embeddings());
    }
    List<Answer> all = List.copyOf(answers.keySet());
    try (AnswerGroup group = new AnswerGroup(languageModel, rows)) {
      boolean ofAnyLength = NextTokens.inNativeCode(languageModel);
      for (List<Answer> together : ofAnyLength ? List.of(all) : ofEqualLength(all)) {
        run(group, new ArrayDeque<>(together), answers);
      }
    }
    return all.stream().map(Answer::made).toList();
  }

  private static void run(
      AnswerGroup group, Deque<Answer> waiting, Map<Answer, Tensor> embeddings) {
    while (!waiting.isEmpty() || !group.isEmpty()) {
      List<Answer> newcomers = new ArrayList<>();
      for (int i = Math.min(group.room(), waiting.size()); i > 0; i--) {
        newcomers.add(waiting.remove());
      }
      if (!newcomers.isEmpty()) {
        group.join(newcomers, newcomers.stream().map(embeddings::get).toList());
      }
      group.step();
      embeddings.keySet().forEach(Generation::requireSound);
    }
  }

  private static void requireSound(Answer answer) {
    if (answer.failure() instanceof Error error) {
      throw error;
    }
    if (answer.failure() instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private static List<List<Answer>> ofEqualLength(List<Answer> answers) {
    TreeMap<Integer, List<Answer>> byLength = new TreeMap<>(Comparator.reverseOrder());
    for (Answer answer : answers) {
      byLength.computeIfAbsent(answer.promptTokens(), length -> new ArrayList<>()).add(answer);
    }
    return List.copyOf(byLength.values());
  }
}
