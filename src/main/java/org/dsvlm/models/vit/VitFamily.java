/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.Parameters;

/** A family of vision transformers with {@link VitConfig}'s sizes; it says where it differs. */
public interface VitFamily extends VisionFamily {
  /**
   * Keys that the towers compute with, and after them those without a say in it: the start of
   * training from nothing, and the projection and the text beside the tower.
   */
  Set<String> KNOWN =
      Set.of(
          "model_type",
          "hidden_size",
          "intermediate_size",
          "num_hidden_layers",
          "num_attention_heads",
          "num_channels",
          "image_size",
          "patch_size",
          "hidden_act",
          "layer_norm_eps",
          "vision_use_head",
          "initializer_range",
          "initializer_factor",
          "projection_dim",
          "vocab_size",
          "tie_word_embeddings");

  /** The values of keys that a file leaves out and that families differ in. */
  record Defaults(int patchSize, Activation activation, double layerNormEps) {}

  /** The values of keys that a file leaves out. */
  Defaults defaults();

  /** Tokens that the tower makes before those of the patches. */
  int classTokens();

  /** The tower, its parameters below {@code visionModel}. */
  VisionTower tower(Parameters visionModel, VitConfig config);

  /** Whether {@code tower} asks for a pooling head. */
  default boolean poolingHead(JsonConfig tower) {
    return false;
  }

  /** Adds the keys that this family alone has. */
  default void writeOwn(VitConfig config, ObjectNode json) {}

  @Override
  default VisionConfig parseTower(JsonConfig tower) {
    tower.refuseUnknown(KNOWN::contains);
    VitConfig vit =
        new VitConfig(
            this,
            tower.size("hidden_size", 768),
            tower.size("intermediate_size", 3072),
            tower.count("num_hidden_layers", 12),
            tower.size("num_attention_heads", 12),
            tower.size("num_channels", 3),
            tower.size("image_size", 224),
            tower.size("patch_size", defaults().patchSize()),
            Activation.parse(tower, defaults().activation()),
            tower.number("layer_norm_eps", defaults().layerNormEps()),
            poolingHead(tower));
    if (vit.hiddenSize() % vit.heads() != 0) {
      throw tower.error(
          "hidden_size",
          "is "
              + vit.hiddenSize()
              + ", which num_attention_heads = "
              + vit.heads()
              + " do not divide");
    }
    return vit;
  }
}
