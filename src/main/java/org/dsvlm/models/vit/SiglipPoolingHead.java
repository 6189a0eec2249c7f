/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;

/**
 * SigLIP's attention pooling: one learnt query, the probe, looks at all patches, then an MLP.
 * Query, key and value share one stored matrix, in that order.
 */
final class SiglipPoolingHead {
  private final Tensor probe;
  private final Tensor inWeight, inBias;
  private final Linear out;
  private final LayerNorm norm;
  private final Linear fc1, fc2;
  private final Activation activation;
  private final int heads;

  SiglipPoolingHead(Parameters parameters, VitConfig config) {
    int width = config.hiddenSize();
    int inner = config.intermediateSize();
    probe = parameters.get("probe", Xavier.uniform(width, width), 1, 1, width);
    Parameters attention = parameters.at("attention");
    inWeight = attention.get("in_proj_weight", Xavier.uniform(width, 3 * width), 3 * width, width);
    inBias = attention.get("in_proj_bias", Init.ZEROS, 3 * width);
    out = Linear.of(attention.at("out_proj"), Xavier.uniform(width, width), width, width, true);
    norm = new LayerNorm(parameters.at("layernorm"), width, config.layerNormEps());
    fc1 = Linear.of(parameters.at("mlp.fc1"), Xavier.uniform(width, inner), width, inner, true);
    fc2 = Linear.of(parameters.at("mlp.fc2"), Xavier.uniform(inner, width), inner, width, true);
    activation = config.activation();
    heads = config.heads();
  }

  /** x: [pictures, patches, width] in, [pictures, width] out. */
  Tensor forward(Tensor x) {
    TensorVector weights = inWeight.chunk(3, 0);
    TensorVector biases = inBias.chunk(3, 0);
    Tensor query = probe.expand(x.size(0), 1, x.size(2));
    Tensor q = torch.linear(query, weights.get(0), new TensorOptional(biases.get(0)));
    Tensor k = torch.linear(x, weights.get(1), new TensorOptional(biases.get(1)));
    Tensor v = torch.linear(x, weights.get(2), new TensorOptional(biases.get(2)));
    Tensor attended =
        Attention.joinHeads(
            Attention.full(
                Attention.splitHeads(q, heads),
                Attention.splitHeads(k, heads),
                Attention.splitHeads(v, heads)));
    Tensor pooled = out.forward(attended);
    return pooled
        .add(fc2.forward(activation.forward(fc1.forward(norm.forward(pooled)))))
        .select(1, 0);
  }
}
