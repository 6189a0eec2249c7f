/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.kernels.LlamaDecode;

/**
 * Writes answers token by token, with a cache of keys and values, several at a time. An answer is
 * the same bit for bit whatever is answered with it, and in whichever order: prompts are read one
 * by one, and then
 *
 * <ul>
 *   <li>in native code each record is computed by itself, so that prompts of any lengths go
 *       together and an answer that has ended leaves the batch;
 *   <li>elsewhere a matrix product may round differently with another number of rows, so each step
 *       has the same number of rows, filled up, and prompts of equal length go together.
 * </ul>
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
    prompts.forEach(this::check);
    List<Answer> answers =
        IntStream.range(0, prompts.size()).mapToObj(i -> new Answer(i, prompts.get(i))).toList();
    boolean inNativeCode = NextTokens.inNativeCode(languageModel);
    List<List<Answer>> groups =
        inNativeCode ? chunks(answers, LlamaDecode.MOST_RECORDS) : groupsOfOneLength(answers);
    for (List<Answer> group : groups) {
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard();
          AnswerGroup together =
              new AnswerGroup(languageModel, settings, group, inNativeCode ? 0 : rows)) {
        together.run(listener);
      }
    }
    return answers.stream().map(Answer::made).toList();
  }

  private void check(Prompt prompt) {
    int tokens = prompt.ids().length;
    if (tokens == 0) {
      throw new DsVlmException("a prompt without tokens cannot be answered");
    }
    int positions = languageModel.config().maxPositions();
    int room = positions - tokens;
    if (prompt.maxNewTokens() > room) {
      throw new DsVlmException(
          "a prompt of "
              + tokens
              + " tokens and "
              + prompt.maxNewTokens()
              + " new ones exceed the model's context of "
              + positions
              + " tokens; "
              + (room > 0
                  ? "shorten the prompt or ask for at most " + room + " new tokens"
                  : "shorten the prompt"));
    }
  }

  private static List<List<Answer>> chunks(List<Answer> answers, int most) {
    List<List<Answer>> chunks = new ArrayList<>();
    for (int i = 0; i < answers.size(); i += most) {
      chunks.add(answers.subList(i, Math.min(answers.size(), i + most)));
    }
    return chunks;
  }

  private List<List<Answer>> groupsOfOneLength(List<Answer> answers) {
    TreeMap<Integer, List<Answer>> byLength = new TreeMap<>(Comparator.reverseOrder());
    for (Answer answer : answers) {
      byLength.computeIfAbsent(answer.length(), length -> new ArrayList<>()).add(answer);
    }
    return byLength.values().stream().flatMap(group -> chunks(group, rows).stream()).toList();
  }
}
