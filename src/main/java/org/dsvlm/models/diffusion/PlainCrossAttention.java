/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * Stable Diffusion's own cross-attention. Several contexts are one: their tokens in a row, all
 * through the same keys and values (the paper's "shared" attention).
 */
public final class PlainCrossAttention implements CrossAttention {
  private final Linear toQ;
  private final Linear toK;
  private final Linear toV;
  private final Linear toOut;
  private final int heads;

  PlainCrossAttention(Parameters parameters, TransformerShape shape) {
    toQ = Linear.withoutBias(parameters.at("to_q"), shape.channels(), shape.channels());
    toK = Linear.withoutBias(parameters.at("to_k"), shape.crossAttentionDim(), shape.channels());
    toV = Linear.withoutBias(parameters.at("to_v"), shape.crossAttentionDim(), shape.channels());
    toOut = Linear.withBias(parameters.at("to_out.0"), shape.channels(), shape.channels());
    heads = shape.heads();
  }

  @Override
  public Tensor forward(Tensor hiddenStates, List<Tensor> contexts) {
    return Torch.tidy(
        () -> {
          Tensor context =
              contexts.size() == 1
                  ? contexts.get(0)
                  : torch.cat(new TensorVector(contexts.toArray(Tensor[]::new)), 1);
          Tensor q = Attention.splitHeads(toQ.forward(hiddenStates), heads);
          Tensor k = Attention.splitHeads(toK.forward(context), heads);
          Tensor v = Attention.splitHeads(toV.forward(context), heads);
          return toOut.forward(Attention.joinHeads(Attention.full(q, k, v)));
        });
  }

  /** Query projection, inner to inner, without bias. */
  public Linear toQ() {
    return toQ;
  }

  /** Key projection, crossWidth to inner, without bias. */
  public Linear toK() {
    return toK;
  }

  /** Value projection, crossWidth to inner, without bias. */
  public Linear toV() {
    return toV;
  }

  /** Output projection, inner to inner, with bias. */
  public Linear toOut() {
    return toOut;
  }

  public int heads() {
    return heads;
  }
}
