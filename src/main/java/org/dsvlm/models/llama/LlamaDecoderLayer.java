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
          return withMlp(attended);
        });
  }

  /** As {@link #forward}, of the last token alone, [batch, 1, hidden]; the cache takes all. */
  Tensor ofLast(Tensor hiddenStates, RotaryEmbedding.Angles angles, KvCache.Layer cache) {
    return Torch.tidy(
        () -> {
          Tensor last = hiddenStates.narrow(1, hiddenStates.size(1) - 1, 1);
          return withMlp(
              last.add(attention.ofLast(inputNorm.forward(hiddenStates), angles, cache)));
        });
  }

  private Tensor withMlp(Tensor attended) {
    return attended.add(mlp.forward(postAttentionNorm.forward(attended)));
  }
}
