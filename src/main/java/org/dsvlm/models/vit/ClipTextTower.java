/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.Embedding;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * The text transformer of CLIP (Radford et al. 2021): causal, its states what Stable Diffusion
 * attends to, and the state of the end token the text's own vector.
 */
public final class ClipTextTower {
  private final ClipTextConfig config;
  private final Embedding tokens;
  private final Embedding positions;
  private final Encoder encoder;
  private final LayerNorm finalLayerNorm;

  /**
   * @param textModel view of the parameters at {@code text_model}
   */
  public ClipTextTower(Parameters textModel, ClipTextConfig config) {
    this.config = config;
    int width = config.hiddenSize();
    Parameters embeddings = textModel.at("embeddings");
    tokens =
        new Embedding(
            embeddings.at("token_embedding"), Init.normal(0.02), config.vocabularySize(), width);
    positions =
        new Embedding(
            embeddings.at("position_embedding"), Init.normal(0.02), config.maxPositions(), width);
    encoder =
        new Encoder(
            textModel.at("encoder"),
            config.layers(),
            config.shape(),
            ClipVisionTower.start(width, config.layers()));
    finalLayerNorm = new LayerNorm(textModel.at("final_layer_norm"), width, config.eps());
  }

  public ClipTextConfig config() {
    return config;
  }

  /** ids: int64 [texts, tokens] in; normalised last states out: [texts, tokens, width]. */
  public Tensor states(Tensor ids) {
    return Torch.tidy(
        () -> {
          Tensor embedded = tokens.forward(ids).add(positions.weight().narrow(0, 0, ids.size(1)));
          List<Tensor> states = encoder.hiddenStates(embedded);
          return finalLayerNorm.forward(states.get(states.size() - 1));
        });
  }

  /**
   * The state of the first end token of each text.
   *
   * @param states as {@link #states} gives them for {@code ids}
   * @return [texts, width]
   */
  public Tensor pooled(Tensor states, Tensor ids) {
    return Torch.tidy(
        () -> {
          // Of equal values argmax gives the first.
          Tensor ends =
              ids.eq(Torch.scalar(config.endToken()))
                  .to(ScalarType.Int)
                  .argmax(new LongOptional(1), true);
          Tensor index = ends.unsqueeze(-1).expand(ids.size(0), 1, config.hiddenSize());
          return states.gather(1, index).squeeze(1);
        });
  }
}
