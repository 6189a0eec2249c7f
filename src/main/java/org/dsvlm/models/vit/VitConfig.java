/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.cost.Tape;

/**
 * Sizes and choices of a vision transformer, as {@code config.json} gives them.
 *
 * @param hiddenSize width of the hidden states, a multiple of {@code heads}
 * @param intermediateSize width inside the MLP
 * @param layers number of encoder layers
 * @param heads number of attention heads
 * @param channels channels of the picture
 * @param imageSize height and width of the picture, in pixels
 * @param patchSize height and width of a patch, in pixels
 * @param activation non-linearity of the MLP
 * @param layerNormEps what layer normalisation adds to the variance
 * @param poolingHead whether a pooling head is part of the tower
 */
public record VitConfig(
    VitFamily family,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int channels,
    int imageSize,
    int patchSize,
    Activation activation,
    double layerNormEps,
    boolean poolingHead)
    implements VisionConfig {

  @Override
  public int classTokens() {
    return family.classTokens();
  }

  @Override
  public VisionTower tower(Parameters visionModel) {
    return family.tower(visionModel, this);
  }

  @Override
  public void cost(Tape tape, double pictures, boolean trained, int used, boolean again) {
    VisionCost.record(tape, this, pictures, trained, used, again);
  }

  @Override
  public ObjectNode toJson() {
    ObjectNode json =
        new ObjectMapper()
            .createObjectNode()
            .put("model_type", family.towerType())
            .put("hidden_size", hiddenSize)
            .put("intermediate_size", intermediateSize)
            .put("num_hidden_layers", layers)
            .put("num_attention_heads", heads)
            .put("num_channels", channels)
            .put("image_size", imageSize)
            .put("patch_size", patchSize)
            .put("hidden_act", activation.key())
            .put("layer_norm_eps", layerNormEps);
    family.writeOwn(this, json);
    return json;
  }
}
