/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;

/** Attention among the picture's positions. */
final class SelfAttention {
  private final Linear toQ;
  private final Linear toK;
  private final Linear toV;
  private final Linear toOut;
  private final int heads;

  SelfAttention(Parameters parameters, TransformerShape shape) {
    toQ = Linear.withoutBias(parameters.at("to_q"), shape.channels(), shape.channels());
    toK = Linear.withoutBias(parameters.at("to_k"), shape.channels(), shape.channels());
    toV = Linear.withoutBias(parameters.at("to_v"), shape.channels(), shape.channels());
    toOut = Linear.withBias(parameters.at("to_out.0"), shape.channels(), shape.channels());
    heads = shape.heads();
  }

  /** hiddenStates: [batch, positions, inner] in, the same out. */
  Tensor forward(Tensor hiddenStates) {
    Tensor q = Attention.splitHeads(toQ.forward(hiddenStates), heads);
    Tensor k = Attention.splitHeads(toK.forward(hiddenStates), heads);
    Tensor v = Attention.splitHeads(toV.forward(hiddenStates), heads);
    return toOut.forward(Attention.joinHeads(Attention.full(q, k, v)));
  }
}
