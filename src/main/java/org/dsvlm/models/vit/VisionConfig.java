/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.cost.Tape;

/** Sizes and choices of a vision encoder of any family: what the rest of a model builds on. */
public interface VisionConfig {
  /** The architecture. */
  VisionFamily family();

  /** Width of the hidden states. */
  int hiddenSize();

  /** Number of layers; a tower gives one hidden state more than that. */
  int layers();

  /** Channels of the picture. */
  int channels();

  /** Height and width of the picture, in pixels. */
  int imageSize();

  /** Height and width of a patch, in pixels. */
  int patchSize();

  /** Number of patches; pixels right of and below the last whole patch are ignored. */
  default int patches() {
    int side = imageSize() / patchSize();
    return side * side;
  }

  /** Multiplications of a patch in all layers, about: 12 hiddenSize² in each, as is usual. */
  default long multiplications() {
    return 12L * layers() * hiddenSize() * hiddenSize();
  }

  /** Tokens that the tower makes before those of the patches. */
  int classTokens();

  /** The tower of these sizes, its parameters below {@code visionModel}. */
  VisionTower tower(Parameters visionModel);

  /**
   * Writes down the operations of the tower.
   *
   * @param used blocks that a loss depends on; nobody goes backward through those above
   * @param again whether blocks are computed again in the backward pass
   */
  void cost(Tape tape, double pictures, boolean trained, int used, boolean again);

  /** These settings as a {@code vision_config} object. */
  ObjectNode toJson();

  /**
   * Reads the configuration of any family, by {@code model_type}. Keys that are left out take the
   * value that the family's public configuration class gives them.
   *
   * @param json a {@code config.json}: the tower's own, or one that holds it as {@code
   *     vision_config}, where a missing {@code model_type} means CLIP
   * @param where the file, for messages
   * @throws org.dsvlm.io.DsVlmException naming file and key: another architecture, sizes that do
   *     not fit together, or a setting that changes the computation in a way not built here
   */
  static VisionConfig parse(JsonNode json, String where) {
    return VisionSection.parse(JsonConfig.of(json, where));
  }

  /** As {@link #parse(JsonNode, String)}, of {@code json} or its {@code vision_config}. */
  static VisionConfig parse(JsonConfig json) {
    return VisionSection.parse(json);
  }

  /** Reads {@code config.json} like {@link #parse(JsonNode, String)}. */
  static VisionConfig read(Path file) {
    return VisionSection.parse(JsonConfig.read(file));
  }
}
