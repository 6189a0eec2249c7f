/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * Self-attention, cross-attention and feed-forward network, each with its norm before and a
 * residual.
 */
final class TransformerBlock {
  private static final double EPS = 1e-5;

  private final LayerNorm norm1;
  private final SelfAttention attn1;
  private final LayerNorm norm2;
  private final PlainCrossAttention plainAttn2;
  private final String attn2Name;
  private final LayerNorm norm3;
  private final FeedForward feedForward;
  private CrossAttention attn2;

  TransformerBlock(Parameters parameters, TransformerShape shape) {
    norm1 = new LayerNorm(parameters.at("norm1"), shape.channels(), EPS);
    attn1 = new SelfAttention(parameters.at("attn1"), shape);
    norm2 = new LayerNorm(parameters.at("norm2"), shape.channels(), EPS);
    plainAttn2 = new PlainCrossAttention(parameters.at("attn2"), shape);
    attn2 = plainAttn2;
    attn2Name = parameters.name("attn2");
    norm3 = new LayerNorm(parameters.at("norm3"), shape.channels(), EPS);
    feedForward = new FeedForward(parameters.at("ff"), shape.channels());
  }

  /** hiddenStates: [batch, positions, inner] in, the same out. */
  Tensor forward(Tensor hiddenStates, List<Tensor> contexts) {
    return Torch.tidy(
        () -> {
          Tensor x = hiddenStates;
          x = x.add(attn1.forward(norm1.forward(x)));
          x = x.add(attn2.forward(norm2.forward(x), contexts));
          return x.add(feedForward.forward(norm3.forward(x)));
        });
  }

  /** Checkpoint name of the cross-attention. */
  String crossAttentionName() {
    return attn2Name;
  }

  void replaceCrossAttention(
      String path, BiFunction<String, PlainCrossAttention, CrossAttention> maker) {
    attn2 = maker.apply(path, plainAttn2);
  }
}
