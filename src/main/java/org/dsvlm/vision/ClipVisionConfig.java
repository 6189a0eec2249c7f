/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.vision;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.JsonConfig;

/**
 * Sizes of a CLIP vision transformer (Radford et al. 2021), as {@code config.json} gives them.
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
 */
public record ClipVisionConfig(
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int channels,
    int imageSize,
    int patchSize,
    Activation activation,
    double layerNormEps)
    implements VisionConfig {
  static final String MODEL_TYPE = "clip_vision_model";

  /**
   * Reads a tower's own {@code config.json}, or the {@code vision_config} in that of a larger
   * model. Keys that are left out take the value that the public configuration class gives them.
   *
   * @param where the file, for messages
   * @throws org.dsvlm.tensor.DsVlmException naming file and key: another architecture, a hidden
   *     size that the heads do not divide, or a setting that changes the computation in a way not
   *     built here
   */
  public static ClipVisionConfig parse(JsonNode json, String where) {
    JsonConfig config = VisionSection.require(json, where, MODEL_TYPE);
    return VisionSection.checked(
        new ClipVisionConfig(
            config.size("hidden_size", 768),
            config.size("intermediate_size", 3072),
            config.size("num_hidden_layers", 12),
            config.size("num_attention_heads", 12),
            config.size("num_channels", 3),
            config.size("image_size", 224),
            config.size("patch_size", 32),
            Activation.parse(config, Activation.QUICK_GELU),
            config.number("layer_norm_eps", 1e-5)),
        config);
  }

  @Override
  public ClipVisionTower tower(Parameters visionModel) {
    return new ClipVisionTower(visionModel, this);
  }

  @Override
  public ObjectNode toJson() {
    return VisionSection.write(this, MODEL_TYPE);
  }
}
