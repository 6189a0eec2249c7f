/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * A prompt and its answer so far, which an {@link AnswerGroup} makes. Used by the group's thread
 * alone.
 */
public final class Answer {
  /** Asks for no likelihoods. */
  public static final int NO_LIKELIHOODS = -1;

  private final int promptTokens;
  private final long draws;
  private final int maxNewTokens;
  private final GenerationSettings settings;
  private final TokenSampler sampler;
  private final int likeliest;
  private final LongConsumer listener;
  private final List<TokenLikelihood> likelihoods = new ArrayList<>();
  private long[] ids;
  private int length;
  private long start;
  private boolean ended;
  private boolean stopped;
  private @Nullable Throwable failure;

  /**
   * An answer to come.
   *
   * @param prompt its ids, for the repetition penalty
   * @param draws names the random draws, which hang on it and on the seed alone
   * @param maxNewTokens the most tokens of the answer
   * @param settings but for the number of new tokens
   * @param likeliest how many of the likeliest tokens are kept with each token's likelihood; {@link
   *     #NO_LIKELIHOODS} for no likelihoods at all
   * @param listener hears of each token as soon as it is made, the one that ends the answer
   *     included; if it throws something, the answer has failed
   */
  public Answer(
      long[] prompt,
      long draws,
      int maxNewTokens,
      GenerationSettings settings,
      int likeliest,
      LongConsumer listener) {
    this.draws = draws;
    this.maxNewTokens = maxNewTokens;
    this.settings = settings;
    this.likeliest = likeliest;
    this.listener = listener;
    sampler = new TokenSampler(settings);
    ids = prompt.clone();
    length = ids.length;
    promptTokens = length;
  }

  /**
   * Demands that prompt and answer fit into a model's context.
   *
   * @throws DsVlmException if they do not, or there is no prompt
   */
  public void requireRoom(int positions) {
    if (promptTokens == 0) {
      throw new DsVlmException("a prompt without tokens cannot be answered");
    }
    int room = positions - promptTokens;
    if (maxNewTokens > room) {
      throw new DsVlmException(
          "a prompt of "
              + promptTokens
              + " tokens and "
              + maxNewTokens
              + " new ones exceed the model's context of "
              + positions
              + " tokens; "
              + (room > 0
                  ? "shorten the prompt or ask for at most " + room + " new tokens"
                  : "shorten the prompt"));
    }
  }

  int promptTokens() {
    return promptTokens;
  }

  /** Tokens of prompt and answer at most. */
  int mostTokens() {
    return promptTokens + maxNewTokens;
  }

  /** Its first token's place in the cache. */
  long start() {
    return start;
  }

  void startAt(long place) {
    start = place;
  }

  /** Whether its next token is always the one of the greatest logit. */
  boolean takesLikeliest() {
    return sampler.takesLikeliest();
  }

  long newest() {
    return ids[length - 1];
  }

  /** Tokens that were made, the one that ended the answer included. */
  public int tokens() {
    return length - promptTokens;
  }

  /** Whether no more tokens are made. */
  public boolean ended() {
    return ended;
  }

  /** Whether a stop token ended it. */
  public boolean stopped() {
    return stopped;
  }

  /** What went wrong; null if nothing did. */
  public @Nullable Throwable failure() {
    return failure;
  }

  /** Of each token but a stop token, if they were asked for. */
  public List<TokenLikelihood> likelihoods() {
    return likelihoods;
  }

  /** Ends it with what it has. */
  public void end() {
    ended = true;
  }

  /**
   * Chooses the next token.
   *
   * @param logits [vocabulary], asked for where they are needed
   * @param greatest the token of the greatest logit, where that is known
   */
  void choose(Supplier<Tensor> logits, long greatest) {
    try {
      long id = takesLikeliest() && greatest >= 0 ? greatest : sampled(logits.get());
      stopped = settings.stopTokens().contains(id);
      if (likeliest != NO_LIKELIHOODS && !stopped) {
        likelihoods.add(TokenLikelihood.of(logits.get(), id, likeliest));
      }
      take(id);
    } catch (RuntimeException | Error e) {
      // Others are made with it, which nothing is wrong with.
      failure = e;
      ended = true;
    }
  }

  private long sampled(Tensor logits) {
    // A copy that grows with the answer, made only where it is looked at.
    long[] context = settings.repetitionPenalty() == 1 ? new long[0] : Arrays.copyOf(ids, length);
    return sampler.next(logits, context, draws, tokens());
  }

  private void take(long id) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, 2 * length);
    }
    ids[length++] = id;
    ended = stopped || tokens() == maxNewTokens;
    listener.accept(id);
  }

  /** The answer, without the token that ended it. */
  long[] made() {
    return Arrays.copyOfRange(ids, promptTokens, stopped ? length - 1 : length);
  }
}
