/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.bytedeco.pytorch.global.torch.gelu;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;

/** Queries attend to each other, then to the feature, then pass a perceptron four times as wide. */
final class QFormerLayer {
  /**
   * Width of one head in BERT, whose blocks the Q-Former took over; narrower models have one head.
   */
  private static final long HEAD_WIDTH = 64;

  private final LayerNorm selfNorm;
  private final LayerNorm crossNorm;
  private final LayerNorm featureNorm;
  private final LayerNorm mlpNorm;
  private final Projections self;
  private final Projections cross;
  private final Linear fc1;
  private final Linear fc2;

  QFormerLayer(Parameters parameters, long featureWidth, long width) {
    selfNorm = new LayerNorm(parameters.at("self_norm"), width, 1e-5);
    crossNorm = new LayerNorm(parameters.at("cross_norm"), width, 1e-5);
    featureNorm = new LayerNorm(parameters.at("feature_norm"), featureWidth, 1e-5);
    mlpNorm = new LayerNorm(parameters.at("mlp_norm"), width, 1e-5);
    self = new Projections(parameters.at("self_attn"), width, width);
    cross = new Projections(parameters.at("cross_attn"), featureWidth, width);
    fc1 = Linear.withBias(parameters.at("mlp.fc1"), width, 4 * width);
    fc2 = Linear.withBias(parameters.at("mlp.fc2"), 4 * width, width);
  }

  /** queries: [pictures, queries, width], feature: [pictures, tokens, feature width] → queries. */
  Tensor forward(Tensor queries, Tensor feature) {
    Tensor normed = selfNorm.forward(queries);
    Tensor x = queries.add(self.attend(normed, normed));
    x = x.add(cross.attend(crossNorm.forward(x), featureNorm.forward(feature)));
    return x.add(fc2.forward(gelu(fc1.forward(mlpNorm.forward(x)))));
  }

  private static final class Projections {
    private final Linear toQ;
    private final Linear toK;
    private final Linear toV;
    private final Linear toOut;
    private final long heads;

    Projections(Parameters parameters, long keyWidth, long width) {
      toQ = Linear.withBias(parameters.at("to_q"), width, width);
      toK = Linear.withBias(parameters.at("to_k"), keyWidth, width);
      toV = Linear.withBias(parameters.at("to_v"), keyWidth, width);
      toOut = Linear.withBias(parameters.at("to_out"), width, width);
      heads = width % HEAD_WIDTH == 0 ? width / HEAD_WIDTH : 1;
    }

    Tensor attend(Tensor from, Tensor to) {
      Tensor q = Attention.splitHeads(toQ.forward(from), heads);
      Tensor k = Attention.splitHeads(toK.forward(to), heads);
      Tensor v = Attention.splitHeads(toV.forward(to), heads);
      return toOut.forward(Attention.joinHeads(Attention.full(q, k, v)));
    }
  }
}
