/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.SideBySide;
import org.dsvlm.tensor.Torch;

/** Answers that are made together; see {@link Generation}. Their prompts end at the same place. */
final class AnswerGroup implements AutoCloseable {
  /** New tokens that memory is taken for at first; few answers are as long as they may be. */
  private static final long ROOM = 128;

  private final CausalLm languageModel;
  private final GenerationSettings settings;
  private final List<Answer> answers;
  private final int longest;
  private final int fixedRows;
  private final long most;
  private final KvCache cache;

  /**
   * A group.
   *
   * @param fixedRows of each step, which the answers share with what fills them up; 0 for as many
   *     as there are answers, which the native decoder alone allows
   */
  AnswerGroup(
      CausalLm languageModel, GenerationSettings settings, List<Answer> group, int fixedRows) {
    this.languageModel = languageModel;
    this.settings = settings;
    this.fixedRows = fixedRows;
    answers = new ArrayList<>(group);
    longest = group.stream().mapToInt(Answer::length).max().orElse(0);
    long room = group.stream().mapToInt(answer -> answer.prompt().maxNewTokens()).max().orElse(0);
    Tensor like = group.get(0).prompt().embeddings();
    most = longest + room;
    long rows = Math.max(group.size(), fixedRows);
    cache = new KvCache(languageModel.config(), rows, Math.min(most, longest + ROOM), like);
  }

  void run(TokenListener listener) {
    TokenSampler sampler = new TokenSampler(settings);
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> logits = prefills();
      for (int row = 0; row < answers.size(); row++) {
        answers.get(row).choose(logits.get(row), sampler, settings, listener);
      }
    }
    cache.advance(longest);
    try (NextTokens next = new NextTokens(languageModel, cache, most)) {
      long[] starts = starts();
      while (!answers.stream().allMatch(Answer::ended)) {
        try (PointerScope scope = new PointerScope()) {
          if (fixedRows == 0 && answers.stream().anyMatch(Answer::ended)) {
            letGo();
            next.refresh();
            starts = starts();
          }
          if (cache.length() == cache.capacity()) {
            cache.grow(Math.min(most, 2 * cache.capacity()));
            next.refresh();
          }
          choose(next.logits(newest(starts.length), starts), sampler, listener);
        }
      }
    }
  }

  /** Goes on with each answer that has not ended; logits: [rows, vocabulary]. */
  private void choose(Tensor logits, TokenSampler sampler, TokenListener listener) {
    long[] likeliest = sampler.takesLikeliest() ? Torch.longs(sampler.likeliest(logits)) : null;
    for (int row = 0; row < answers.size(); row++) {
      Answer answer = answers.get(row);
      if (answer.ended()) {
        continue;
      }
      if (likeliest == null) {
        answer.choose(logits.select(0, row), sampler, settings, listener);
      } else {
        answer.take(likeliest[row], settings, listener);
      }
    }
  }

  /** Reads all prompts. They are read alone, on the CPU side by side. */
  private List<Tensor> prefills() {
    return languageModel.device().is_cpu()
        ? SideBySide.map(answers.size(), this::prefill)
        : IntStream.range(0, answers.size()).mapToObj(this::prefill).toList();
  }

  /** Reads a prompt; the logits of the token after it, [vocabulary]. */
  private Tensor prefill(int row) {
    return Torch.tidy(
        () -> {
          Tensor embeddings = answers.get(row).prompt().embeddings();
          try (KvCache own = cache.row(row, longest - embeddings.size(0))) {
            Tensor state = languageModel.model().lastState(embeddings.unsqueeze(0), own);
            return languageModel.logits(state).select(0, 0);
          }
        });
  }

  /** Takes the answers that have ended out of the batch. */
  private void letGo() {
    for (int row = answers.size() - 1; row >= 0; row--) {
      if (answers.get(row).ended()) {
        cache.drop(row);
        Answer last = answers.remove(answers.size() - 1);
        if (row < answers.size()) {
          answers.set(row, last);
        }
      }
    }
  }

  /** Where each row's tokens begin. A row that is filled up has none that anyone reads. */
  private long[] starts() {
    long[] starts = new long[Math.max(answers.size(), fixedRows)];
    for (int row = 0; row < answers.size(); row++) {
      starts[row] = longest - answers.get(row).prompt().ids().length;
    }
    return starts;
  }

  private long[] newest(int count) {
    long[] newest = new long[count];
    for (int row = 0; row < answers.size(); row++) {
      newest[row] = answers.get(row).newest();
    }
    return newest;
  }

  @Override
  public void close() {
    cache.close();
  }
}
