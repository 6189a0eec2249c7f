/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/**
 * How likely a token of an answer was, by the model's own logits.
 *
 * @param id of the token
 * @param logProbability natural logarithm
 * @param likeliest the likeliest tokens in its place, likeliest first, without further ones
 */
public record TokenLikelihood(long id, double logProbability, List<TokenLikelihood> likeliest) {
  /** Of token {@code id} and the {@code count} likeliest; logits: [vocabulary]. */
  static TokenLikelihood of(Tensor logits, long id, int count) {
    try (PointerScope scope = new PointerScope()) {
      Tensor logarithms = logits.to(ScalarType.Double).log_softmax(0);
      List<TokenLikelihood> likeliest = new ArrayList<>();
      if (count > 0) {
        T_TensorTensor_T top = torch.topk(logarithms, Math.min(count, logarithms.size(0)));
        double[] values = Torch.doubles(top.get0());
        long[] ids = Torch.longs(top.get1());
        for (int i = 0; i < ids.length; i++) {
          likeliest.add(new TokenLikelihood(ids[i], values[i], List.of()));
        }
      }
      return new TokenLikelihood(id, logarithms.select(0, id).item_double(), likeliest);
    }
  }
}
