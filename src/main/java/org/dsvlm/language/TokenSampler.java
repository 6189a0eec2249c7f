/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.language;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/** Picks the next token from logits. */
final class TokenSampler {
  private final GenerationSettings settings;
  private final RandomState random;

  TokenSampler(GenerationSettings settings) {
    this.settings = settings;
    this.random = new RandomState(settings.seed());
  }

  /**
   * The next token of one record.
   *
   * @param logits [vocabulary]
   * @param context ids so far, prompt and answer, as the repetition penalty counts them
   * @param record number of the record in the batch
   * @param step number of the new token
   */
  long next(Tensor logits, long[] context, int record, int step) {
    try (PointerScope scope = new PointerScope()) {
      Tensor scores = penalise(logits, context);
      if (settings.temperature() == 0) {
        return scores.argmax().item_long();
      }
      return draw(scores, random.fork(record).fork(step).unit());
    }
  }

  private Tensor penalise(Tensor logits, long[] context) {
    if (settings.repetitionPenalty() == 1 || context.length == 0) {
      return logits;
    }
    Scalar penalty = Torch.scalar(settings.repetitionPenalty());
    Tensor seen = Torch.of(context, context.length).to(logits.device(), ScalarType.Long);
    Tensor scores = logits.index_select(0, seen);
    Tensor lowered =
        torch.where(scores.lt(new Scalar(0.0)), scores.mul(penalty), scores.div(penalty));
    return logits.index_copy(0, seen, lowered);
  }

  /** The token at {@code unit} in [0, 1) of the cumulated probability, likeliest first. */
  private long draw(Tensor logits, double unit) {
    Tensor scaled = logits.to(ScalarType.Double).div(Torch.scalar(settings.temperature()));
    long kept = settings.topK() == 0 ? scaled.size(0) : Math.min(settings.topK(), scaled.size(0));
    T_TensorTensor_T sorted = torch.topk(scaled, kept);
    double[] probabilities = Torch.doubles(sorted.get0().softmax(0));
    double total = 0;
    int candidates = 0;
    while (candidates < probabilities.length && total < settings.topP()) {
      total += probabilities[candidates++];
    }
    double passed = 0;
    int chosen = 0;
    while (chosen < candidates - 1 && (passed += probabilities[chosen]) <= unit * total) {
      chosen++;
    }
    return sorted.get1().narrow(0, chosen, 1).item_long();
  }
}
