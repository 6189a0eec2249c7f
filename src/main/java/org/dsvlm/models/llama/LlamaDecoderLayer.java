/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.RmsNorm;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/** One layer: attention, then MLP, each on normed input and added to the stream. */
final class LlamaDecoderLayer {
  private final RmsNorm inputNorm;
  private final LlamaAttention attention;
  private final RmsNorm postAttentionNorm;
  private final LlamaMlp mlp;

  LlamaDecoderLayer(Parameters parameters, LlamaConfig config) {
    inputNorm =
        new RmsNorm(parameters.at("input_layernorm"), config.hiddenSize(), config.rmsNormEps());
    attention = new LlamaAttention(parameters.at("self_attn"), config);
    postAttentionNorm =
        new RmsNorm(
            parameters.at("post_attention_layernorm"), config.hiddenSize(), config.rmsNormEps());
    mlp = new LlamaMlp(parameters.at("mlp"), config);
  }

  void addTo(DecoderWeights all) {
    all.add(inputNorm);
    attention.addTo(all);
    all.add(postAttentionNorm);
    mlp.addTo(all);
  }

  /** hiddenStates: [batch, tokens, hidden] in, the same out; the rest as in LlamaAttention. */
  Tensor forward(
      Tensor hiddenStates,
      RotaryEmbedding.Angles angles,
      @Nullable Tensor mask,
      KvCache.@Nullable Layer cache) {
    return Torch.tidy(
        () -> {
          Tensor attended =
              hiddenStates.add(
                  attention.forward(inputNorm.forward(hiddenStates), angles, mask, cache));
          return attended.add(mlp.forward(postAttentionNorm.forward(attended)));
        });
  }
}
