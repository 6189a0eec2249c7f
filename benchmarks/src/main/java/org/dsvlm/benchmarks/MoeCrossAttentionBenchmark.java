/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.MoeCrossAttention;
import org.openjdk.jmh.annotations.Param;

/**
 * The mixture of cross-attentions at the shapes of Stable Diffusion 1.5 with CLIP's 576 tokens;
 * gradients of every argument.
 */
public class MoeCrossAttentionBenchmark extends OperatorBenchmark {
  @Param({
    "1x4096x8x40:576+576+576+576",
    "1x1024x8x80:576+576+576+576",
    "1x256x8x160:576+576+576+576",
    "1x64x8x160:576+576+576+576"
  })
  public String shape;

  private Tensor query;
  private List<Tensor> keys;
  private List<Tensor> values;
  private Tensor probabilities;
  private Tensor gradient;

  @Override
  void draw(Inputs inputs) {
    AttentionShape sizes = AttentionShape.parse(shape);
    query = inputs.normal(sizes.batch(), sizes.queries(), sizes.heads(), sizes.headDim());
    keys = new ArrayList<>();
    values = new ArrayList<>();
    for (long tokens : sizes.tokens()) {
      keys.add(inputs.normal(sizes.batch(), tokens, sizes.heads(), sizes.headDim()));
      values.add(inputs.normal(sizes.batch(), tokens, sizes.heads(), sizes.headDim()));
    }
    Tensor scores = inputs.normal(sizes.batch(), sizes.tokens().size());
    probabilities = inputs.own(() -> scores.softmax(-1));
    gradient = inputs.normal(sizes.batch(), sizes.queries(), sizes.heads(), sizes.headDim());
    inputs.leaf(query);
    keys.forEach(inputs::leaf);
    values.forEach(inputs::leaf);
    inputs.leaf(probabilities);
  }

  @Override
  Tensor result() {
    return MoeCrossAttention.forward(query, keys, values, probabilities);
  }

  @Override
  void backward(Tensor result) {
    Inputs.backward(result, gradient);
  }
}
