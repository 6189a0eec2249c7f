/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.GroupNorm;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/** Attention among all positions, one head over all channels, with a residual. */
final class VaeAttention {
  private final GroupNorm norm;
  private final Linear toQ;
  private final Linear toK;
  private final Linear toV;
  private final Linear toOut;

  VaeAttention(Parameters parameters, long channels, long groups, double eps) {
    norm = new GroupNorm(parameters.at("group_norm"), groups, channels, eps);
    toQ = Linear.withBias(parameters.at("to_q"), channels, channels);
    toK = Linear.withBias(parameters.at("to_k"), channels, channels);
    toV = Linear.withBias(parameters.at("to_v"), channels, channels);
    toOut = Linear.withBias(parameters.at("to_out.0"), channels, channels);
  }

  /** x: [batch, channels, height, width] in, the same out. */
  Tensor forward(Tensor x) {
    return Torch.tidy(
        () -> {
          Tensor positions = norm.forward(x).flatten(2, 3).transpose(1, 2);
          Tensor q = toQ.forward(positions).unsqueeze(1);
          Tensor k = toK.forward(positions).unsqueeze(1);
          Tensor v = toV.forward(positions).unsqueeze(1);
          Tensor attended = toOut.forward(Attention.full(q, k, v).squeeze(1));
          return x.add(attended.transpose(1, 2).view_as(x));
        });
  }
}
