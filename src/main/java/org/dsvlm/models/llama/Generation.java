/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Writes answers token by token, with a cache of keys and values. Prompts of unlike lengths are
 * padded in front, which changes no answer.
 */
public final class Generation {
  /**
   * What is answered.
   *
   * @param embeddings [tokens, hidden]
   * @param ids of those tokens, for the repetition penalty
   */
  public record Prompt(Tensor embeddings, long[] ids) {}

  private static final long[] NONE = {};

  private final CausalLm languageModel;
  private final GenerationSettings settings;
  private final TokenListener listener;

  public Generation(CausalLm languageModel, GenerationSettings settings, TokenListener listener) {
    this.languageModel = languageModel;
    this.settings = settings;
    this.listener = listener;
  }

  /**
   * Answers to all prompts, made together; each without the token that ended it.
   *
   * @throws DsVlmException if a prompt and its answer can outgrow the model's context
   */
  public List<long[]> run(List<Prompt> prompts) {
    int longest = prompts.stream().mapToInt(prompt -> prompt.ids().length).max().orElse(0);
    if (prompts.stream().anyMatch(prompt -> prompt.ids().length == 0)) {
      throw new DsVlmException("a prompt without tokens cannot be answered");
    }
    checkContext(longest);
    List<Answer> answers = new ArrayList<>();
    for (Prompt prompt : prompts) {
      answers.add(new Answer(prompt.ids()));
    }
    if (!prompts.isEmpty()) {
      Tensor like = prompts.get(0).embeddings();
      long capacity = longest + settings.maxNewTokens();
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard();
          KvCache cache = new KvCache(languageModel.config(), prompts.size(), capacity, like)) {
        answer(prompts, answers, longest, cache);
      }
    }
    return answers.stream().map(Answer::made).toList();
  }

  private void checkContext(int promptTokens) {
    int positions = languageModel.config().maxPositions();
    int room = positions - promptTokens;
    if (settings.maxNewTokens() > room) {
      throw new DsVlmException(
          "a prompt of "
              + promptTokens
              + " tokens and "
              + settings.maxNewTokens()
              + " new ones exceed the model's context of "
              + positions
              + " tokens; "
              + (room > 0
                  ? "shorten the prompt or ask for at most " + room + " new tokens"
                  : "shorten the prompt"));
    }
  }

  private void answer(List<Prompt> prompts, List<Answer> answers, int longest, KvCache cache) {
    long[] padding = prompts.stream().mapToLong(prompt -> longest - prompt.ids().length).toArray();
    boolean padded = Arrays.stream(padding).anyMatch(tokens -> tokens > 0);
    Tensor mask = padded ? mask(prompts, longest) : null;
    TokenSampler sampler = new TokenSampler(settings);
    choose(answers, prefill(prompts, longest, mask, cache), 0, sampler);
    try (NextTokens next = new NextTokens(languageModel, cache, mask, padding)) {
      for (int step = 1; step < settings.maxNewTokens(); step++) {
        if (answers.stream().allMatch(Answer::ended)) {
          return;
        }
        try (PointerScope scope = new PointerScope()) {
          long[] newest = answers.stream().mapToLong(Answer::newest).toArray();
          choose(answers, next.logits(newest), step, sampler);
        }
      }
    }
  }

  private void choose(List<Answer> answers, Tensor logits, int step, TokenSampler sampler) {
    for (int i = 0; i < answers.size(); i++) {
      Answer answer = answers.get(i);
      if (!answer.ended()) {
        long id = sampler.next(logits.select(0, i), context(answer), i, step);
        answer.add(id, settings.stopTokens().contains(id));
        listener.onToken(i, id);
      }
    }
  }

  /** What the repetition penalty counts, a copy that grows with the answer: only where it does. */
  private long[] context(Answer answer) {
    return settings.repetitionPenalty() == 1 ? NONE : answer.context();
  }

  /** Runs all prompts; the logits of the token after each, [batch, vocabulary]. */
  private Tensor prefill(List<Prompt> prompts, int longest, @Nullable Tensor mask, KvCache cache) {
    return Torch.tidy(
        () -> {
          Tensor[] rows = new Tensor[prompts.size()];
          for (int i = 0; i < rows.length; i++) {
            Tensor row = prompts.get(i).embeddings();
            rows[i] = torch.constant_pad_nd(row, new long[] {0, 0, longest - row.size(0), 0});
          }
          Tensor promptMask = mask == null ? null : mask.narrow(1, 0, longest);
          Tensor states = languageModel.model().forward(Torch.stack(0, rows), promptMask, cache);
          return languageModel.logits(states.select(1, longest - 1));
        });
  }

  /** 1 for tokens, those still to come too; int64 [batch, longest + maxNewTokens]. */
  private Tensor mask(List<Prompt> prompts, int longest) {
    long width = longest + settings.maxNewTokens();
    Tensor mask = torch.ones(new long[] {prompts.size(), width}, Torch.options(ScalarType.Long));
    for (int i = 0; i < prompts.size(); i++) {
      long padding = longest - prompts.get(i).ids().length;
      mask.select(0, i).narrow(0, 0, padding).fill_(new Scalar(0L));
    }
    return mask.to(prompts.get(0).embeddings().device(), ScalarType.Long);
  }

  /** Ids of one prompt and of its answer so far. */
  private static final class Answer {
    private final int promptLength;
    private long[] ids;
    private int length;
    private boolean ended;

    Answer(long[] prompt) {
      promptLength = prompt.length;
      ids = prompt.clone();
      length = prompt.length;
    }

    void add(long id, boolean end) {
      if (length == ids.length) {
        ids = Arrays.copyOf(ids, 2 * length);
      }
      ids[length++] = id;
      ended = end;
    }

    boolean ended() {
      return ended;
    }

    long newest() {
      return ids[length - 1];
    }

    long[] context() {
      return Arrays.copyOf(ids, length);
    }

    long[] made() {
      return Arrays.copyOfRange(ids, promptLength, ended ? length - 1 : length);
    }
  }
}
