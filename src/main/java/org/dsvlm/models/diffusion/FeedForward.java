/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;

/** Gated feed-forward network (GEGLU, Shazeer 2020), four times as wide inside; exact GELU. */
final class FeedForward {
  private static final int EXPANSION = 4;

  private final Linear expand;
  private final Linear contract;
  private final long inner;

  FeedForward(Parameters parameters, long width) {
    inner = EXPANSION * width;
    expand = Linear.withBias(parameters.at("net.0.proj"), width, 2 * inner);
    contract = Linear.withBias(parameters.at("net.2"), inner, width);
  }

  /** x: [batch, positions, width] in, the same out. */
  Tensor forward(Tensor x) {
    Tensor expanded = expand.forward(x);
    Tensor value = expanded.narrow(2, 0, inner);
    Tensor gate = expanded.narrow(2, inner, inner);
    return contract.forward(value.mul(torch.gelu(gate)));
  }
}
