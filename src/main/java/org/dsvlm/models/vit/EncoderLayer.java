/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;

/**
 * A transformer layer with the normalisation in front of each half (Dosovitskiy et al. 2021):
 * {@code x += attention(norm1(x)); x += mlp(norm2(x))}.
 */
final class EncoderLayer {
  /** How the weights start without a checkpoint; biases start at zero. */
  record Start(Init queryKeyValue, Init out, Init fc1, Init fc2) {}

  private final Linear query, key, value, out;
  private final Linear fc1, fc2;
  private final LayerNorm norm1, norm2;
  private final Activation activation;
  private final int heads;
  private final boolean causal;

  /**
   * The sizes of a layer.
   *
   * @param inner width inside the MLP
   * @param causal whether a token sees those up to itself alone, as in text
   */
  record Shape(
      int width, int inner, int heads, Activation activation, double eps, boolean causal) {}

  EncoderLayer(Parameters parameters, Shape shape, Start start) {
    int width = shape.width();
    int inner = shape.inner();
    Parameters attention = parameters.at("self_attn");
    query = Linear.of(attention.at("q_proj"), start.queryKeyValue(), width, width, true);
    key = Linear.of(attention.at("k_proj"), start.queryKeyValue(), width, width, true);
    value = Linear.of(attention.at("v_proj"), start.queryKeyValue(), width, width, true);
    out = Linear.of(attention.at("out_proj"), start.out(), width, width, true);
    norm1 = new LayerNorm(parameters.at("layer_norm1"), width, shape.eps());
    fc1 = Linear.of(parameters.at("mlp.fc1"), start.fc1(), width, inner, true);
    fc2 = Linear.of(parameters.at("mlp.fc2"), start.fc2(), inner, width, true);
    norm2 = new LayerNorm(parameters.at("layer_norm2"), width, shape.eps());
    activation = shape.activation();
    heads = shape.heads();
    causal = shape.causal();
  }

  /** hiddenStates: [pictures, tokens, width] in, the same out. */
  Tensor forward(Tensor hiddenStates) {
    Tensor attended = hiddenStates.add(attention(norm1.forward(hiddenStates)));
    return attended.add(mlp(norm2.forward(attended)));
  }

  private Tensor attention(Tensor x) {
    Tensor q = Attention.splitHeads(query.forward(x), heads);
    Tensor k = Attention.splitHeads(key.forward(x), heads);
    Tensor v = Attention.splitHeads(value.forward(x), heads);
    Tensor attended = causal ? Attention.causal(q, k, v) : Attention.full(q, k, v);
    return out.forward(Attention.joinHeads(attended));
  }

  private Tensor mlp(Tensor x) {
    return fc2.forward(activation.forward(fc1.forward(x)));
  }
}
