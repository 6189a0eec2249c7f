/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.vision;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.JsonConfig;

/** Sizes and choices of a vision tower, as {@code config.json} gives them. */
public sealed interface VisionConfig permits ClipVisionConfig, SiglipVisionConfig {
  /** Width of the hidden states. */
  int hiddenSize();

  /** Number of encoder layers; a tower gives one hidden state more than that. */
  int layers();

  /** Number of attention heads. */
  int heads();

  /** Width inside the MLP. */
  int intermediateSize();

  /** Channels of the picture. */
  int channels();

  /** Height and width of the picture, in pixels. */
  int imageSize();

  /** Height and width of a patch, in pixels. */
  int patchSize();

  /** Non-linearity of the MLP. */
  Activation activation();

  /** What layer normalisation adds to the variance. */
  double layerNormEps();

  /** Number of patches; pixels right of and below the last whole patch are not looked at. */
  default int patches() {
    int side = imageSize() / patchSize();
    return side * side;
  }

  /** The tower of these sizes, its parameters below {@code visionModel}. */
  VisionTower tower(Parameters visionModel);

  /** These settings as a {@code vision_config} object. */
  ObjectNode toJson();

  /**
   * Reads the configuration of either tower, by {@code model_type}.
   *
   * @param json a {@code config.json}: the tower's own, or one that holds it as {@code
   *     vision_config}
   * @param where the file, for messages
   * @throws org.dsvlm.tensor.DsVlmException naming file and key if it describes no such tower, or
   *     one that cannot be computed
   */
  static VisionConfig parse(JsonNode json, String where) {
    return VisionSection.find(json, where)
            .text("model_type", ClipVisionConfig.MODEL_TYPE)
            .equals(SiglipVisionConfig.MODEL_TYPE)
        ? SiglipVisionConfig.parse(json, where)
        : ClipVisionConfig.parse(json, where);
  }

  /** Reads {@code config.json} like {@link #parse(JsonNode, String)}. */
  static VisionConfig read(Path file) {
    JsonConfig config = JsonConfig.read(file);
    return parse(config.json(), config.where());
  }
}
