/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.ModelFamily;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.cost.Part;

/**
 * An architecture of vision encoders. The tower's parameters stand below {@code vision_model}, in a
 * folder of its own as in a LLaVA.
 */
public interface VisionFamily extends ModelFamily<VisionConfig> {
  /** The family's name for people, such as CLIP. */
  String name();

  /** The name that the command line and recipes choose it by. */
  String key();

  /** The {@code model_type} of the tower itself, which may be part of a larger model. */
  String towerType();

  /** The class that the transformers library reads the tower as. */
  String architecture();

  /**
   * Reads the object that describes the tower, whose {@code model_type} is {@link #towerType}.
   *
   * @throws org.dsvlm.io.DsVlmException as {@link #parse}
   */
  VisionConfig parseTower(JsonConfig tower);

  @Override
  default Class<VisionConfig> configType() {
    return VisionConfig.class;
  }

  /** Reads the tower's own config.json, or one that holds it as {@code vision_config}. */
  @Override
  default VisionConfig parse(JsonConfig json) {
    return VisionSection.parse(json);
  }

  @Override
  default ObjectNode toJson(VisionConfig config) {
    return config.toJson();
  }

  @Override
  default ObjectNode fileOf(VisionConfig config) {
    ObjectNode json = config.toJson();
    json.putArray("architectures").add(architecture());
    return json;
  }

  @Override
  default Consumer<Parameters> module(VisionConfig config) {
    return root -> config.tower(root.at(VisionLayouts.TOWER));
  }

  @Override
  default UnaryOperator<String> layout(Set<String> stored, String where) {
    return VisionLayouts.renaming(stored, where, landmark());
  }

  /** A parameter that every tower of the family has, by its name below {@code vision_model}. */
  default String landmark() {
    return "embeddings.patch_embedding.weight";
  }

  @Override
  default String describe(VisionConfig config) {
    return String.format(
        Locale.ROOT,
        "%s (%d layers, width %d, %d tokens)",
        name(),
        config.layers(),
        config.hiddenSize(),
        config.patches() + config.classTokens());
  }

  @Override
  default String partOf(String name) {
    return Part.VISION_ENCODER.key();
  }
}
