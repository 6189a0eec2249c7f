/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** A prompt and its answer so far. */
final class Answer {
  private final int number;
  private final Generation.Prompt prompt;
  private long[] ids;
  private int length;
  private boolean ended;
  private boolean stopped;

  /** number: of the prompt, as the listener knows it. */
  Answer(int number, Generation.Prompt prompt) {
    this.number = number;
    this.prompt = prompt;
    ids = prompt.ids().clone();
    length = ids.length;
  }

  Generation.Prompt prompt() {
    return prompt;
  }

  /** Tokens of prompt and answer. */
  int length() {
    return length;
  }

  boolean ended() {
    return ended;
  }

  long newest() {
    return ids[length - 1];
  }

  /** Chooses the next token. */
  void choose(
      Tensor logits, TokenSampler sampler, GenerationSettings settings, TokenListener listener) {
    // A copy that grows with the answer, made only where it is looked at.
    long[] context = settings.repetitionPenalty() == 1 ? new long[0] : Arrays.copyOf(ids, length);
    take(
        sampler.next(logits, context, prompt.draws(), length - prompt.ids().length),
        settings,
        listener);
  }

  /** The next token is {@code id}. */
  void take(long id, GenerationSettings settings, TokenListener listener) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, 2 * length);
    }
    ids[length++] = id;
    stopped = settings.stopTokens().contains(id);
    ended = stopped || length - prompt.ids().length == prompt.maxNewTokens();
    listener.onToken(number, id);
  }

  /** The answer, without the token that ended it. */
  long[] made() {
    return Arrays.copyOfRange(ids, prompt.ids().length, stopped ? length - 1 : length);
  }
}
