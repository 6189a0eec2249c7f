/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * Picks the next token from logits. The settings act in the order of the transformers library:
 * repetition penalty, temperature, top-k, top-p.
 */
final class TokenSampler {
  private final GenerationSettings settings;
  private final RandomState random;

  TokenSampler(GenerationSettings settings) {
    this.settings = settings;
    this.random = new RandomState(settings.seed());
  }

  /** Tokens that may come next, likeliest first; the probabilities add up to 1. */
  record Candidates(long[] ids, double[] probabilities) {
    /** The token at {@code unit} in [0, 1) of the cumulated probability. */
    long at(double unit) {
      double passed = 0;
      for (int i = 0; i < ids.length - 1; i++) {
        passed += probabilities[i];
        if (unit < passed) {
          return ids[i];
        }
      }
      return ids[ids.length - 1];
    }
  }

  /**
   * The next token of one record.
   *
   * @param logits [vocabulary]
   * @param context ids so far, prompt and answer, as the repetition penalty counts them; those that
   *     the vocabulary does not hold, such as a picture's, are passed over
   * @param record names the record's draws
   * @param step number of the new token
   */
  long next(Tensor logits, long[] context, long record, int step) {
    if (settings.temperature() == 0) {
      try (PointerScope scope = new PointerScope()) {
        return penalise(logits, context).argmax().item_long();
      }
    }
    return candidates(logits, context).at(random.fork(record).fork(step).unit());
  }

  /** Whether the next token is always the one of the greatest logit, whatever came before. */
  boolean takesLikeliest() {
    return settings.temperature() == 0 && settings.repetitionPenalty() == 1;
  }

  /** The tokens of the greatest logits: [rows, vocabulary] in, int64 [rows] out. */
  static Tensor likeliest(Tensor logits) {
    return logits.argmax(new LongOptional(1), false);
  }

  /** The candidates from which {@link #next} draws, where the temperature is above 0. */
  Candidates candidates(Tensor logits, long[] context) {
    try (PointerScope scope = new PointerScope()) {
      Tensor scores = penalise(logits, context).to(ScalarType.Double);
      T_TensorTensor_T sorted = topK(scores.div(Torch.scalar(settings.temperature())));
      double[] probabilities = Torch.doubles(sorted.get0().softmax(0));
      int kept = topP(probabilities);
      double total = Arrays.stream(probabilities, 0, kept).sum();
      return new Candidates(
          Arrays.copyOf(Torch.longs(sorted.get1()), kept),
          Arrays.stream(probabilities, 0, kept).map(p -> p / total).toArray());
    }
  }

  private Tensor penalise(Tensor logits, long[] context) {
    ScalarType dtype = logits.scalar_type().intern();
    boolean reduced = dtype == ScalarType.Half || dtype == ScalarType.BFloat16;
    Tensor scores = reduced ? logits.to(ScalarType.Float) : logits;
    long rows = scores.size(0);
    long[] known = Arrays.stream(context).filter(id -> id >= 0 && id < rows).toArray();
    if (settings.repetitionPenalty() == 1 || known.length == 0) {
      return scores;
    }
    Scalar penalty = Torch.scalar(settings.repetitionPenalty());
    Tensor seen = Torch.of(known, known.length).to(scores.device(), ScalarType.Long);
    Tensor before = scores.index_select(0, seen);
    Tensor lowered =
        torch.where(before.lt(new Scalar(0.0)), before.mul(penalty), before.div(penalty));
    return scores.index_copy(0, seen, lowered);
  }

  /** Logits and ids, likeliest first; as many as asked for, and those that equal the last one. */
  private T_TensorTensor_T topK(Tensor scores) {
    long all = scores.size(0);
    if (settings.topK() == 0 || settings.topK() >= all) {
      return torch.topk(scores, all);
    }
    Tensor last = torch.topk(scores, settings.topK()).get0().narrow(0, settings.topK() - 1, 1);
    return torch.topk(scores, scores.ge(last).sum().item_long());
  }

  /** How many of {@code probabilities}, in falling order, it takes to reach what is asked for. */
  private int topP(double[] probabilities) {
    if (settings.topP() == 1) {
      return probabilities.length;
    }
    double total = 0;
    int kept = 0;
    while (kept < probabilities.length && (kept == 0 || total < settings.topP())) {
      total += probabilities[kept++];
    }
    return kept;
  }
}
