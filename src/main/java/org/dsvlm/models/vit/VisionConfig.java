/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.Parameters;

/**
 * Sizes and choices of a vision tower, as {@code config.json} gives them.
 *
 * @param hiddenSize width of the hidden states, a multiple of {@code heads}
 * @param intermediateSize width inside the MLP
 * @param layers number of encoder layers; a tower gives one hidden state more than that
 * @param heads number of attention heads
 * @param channels channels of the picture
 * @param imageSize height and width of the picture, in pixels
 * @param patchSize height and width of a patch, in pixels
 * @param activation non-linearity of the MLP
 * @param layerNormEps what layer normalisation adds to the variance
 * @param poolingHead whether SigLIP's pooling head is part of the tower; CLIP has none
 */
public record VisionConfig(
    VisionFamily family,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int channels,
    int imageSize,
    int patchSize,
    Activation activation,
    double layerNormEps,
    boolean poolingHead) {

  /** Number of patches; pixels right of and below the last whole patch are not looked at. */
  public int patches() {
    int side = imageSize / patchSize;
    return side * side;
  }

  /** The tower of these sizes, its parameters below {@code visionModel}. */
  public VisionTower tower(Parameters visionModel) {
    return switch (family) {
      case CLIP -> new ClipVisionTower(visionModel, this);
      case SIGLIP -> new SiglipVisionTower(visionModel, this);
    };
  }

  /**
   * Reads the configuration of either family, by {@code model_type}. Keys that are left out take
   * the value that the family's public configuration class gives them.
   *
   * @param json a {@code config.json}: the tower's own, or one that holds it as {@code
   *     vision_config}, where a missing {@code model_type} means CLIP
   * @param where the file, for messages
   * @throws org.dsvlm.io.DsVlmException naming file and key: another architecture, a hidden size
   *     that the heads do not divide, or a setting that changes the computation in a way not built
   *     here
   */
  public static VisionConfig parse(JsonNode json, String where) {
    JsonConfig config = VisionSection.find(json, where);
    VisionFamily family = VisionSection.family(config, config.json() != json);
    VisionConfig vision =
        new VisionConfig(
            family,
            config.size("hidden_size", 768),
            config.size("intermediate_size", 3072),
            config.size("num_hidden_layers", 12),
            config.size("num_attention_heads", 12),
            config.size("num_channels", 3),
            config.size("image_size", 224),
            config.size("patch_size", family.defaultPatchSize()),
            Activation.parse(config, family.defaultActivation()),
            config.number("layer_norm_eps", family.defaultLayerNormEps()),
            family == VisionFamily.SIGLIP && config.flag("vision_use_head", true));
    VisionSection.check(vision, config);
    return vision;
  }

  /** Reads {@code config.json} like {@link #parse(JsonNode, String)}. */
  public static VisionConfig read(Path file) {
    JsonConfig config = JsonConfig.read(file);
    return parse(config.json(), config.where());
  }

  /** These settings as a {@code vision_config} object. */
  public ObjectNode toJson() {
    ObjectNode json =
        new ObjectMapper()
            .createObjectNode()
            .put("model_type", family.modelType())
            .put("hidden_size", hiddenSize)
            .put("intermediate_size", intermediateSize)
            .put("num_hidden_layers", layers)
            .put("num_attention_heads", heads)
            .put("num_channels", channels)
            .put("image_size", imageSize)
            .put("patch_size", patchSize)
            .put("hidden_act", activation.key())
            .put("layer_norm_eps", layerNormEps);
    return family == VisionFamily.SIGLIP ? json.put("vision_use_head", poolingHead) : json;
  }
}
