/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Set;
import org.dsvlm.io.JsonConfig;

/**
 * The part of {@code config.json} that describes a vision tower: where it stands, what may stand in
 * it, and the checks that both architectures share.
 */
final class VisionSection {
  /**
   * Keys that the towers compute with, and after them those without a say in it: the start of
   * training from nothing, and the projection and the text beside the tower.
   */
  private static final Set<String> KNOWN =
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

  private VisionSection() {}

  /** The object that describes the tower: {@code vision_config} if there is one, else all of it. */
  static JsonConfig find(JsonNode json, String where) {
    JsonConfig root = JsonConfig.of(json, where);
    if (!root.has("vision_config")) {
      return root;
    }
    JsonConfig vision = root.child("vision_config");
    refuseContradiction(root, vision);
    return vision;
  }

  /** Old CLIP files repeat part of {@code vision_config} as {@code vision_config_dict}. */
  private static void refuseContradiction(JsonConfig root, JsonConfig vision) {
    for (var field : root.child("vision_config_dict").json().properties()) {
      if (vision.has(field.getKey())
          && !vision.json().get(field.getKey()).equals(field.getValue())) {
        throw root.error(
            "vision_config_dict." + field.getKey(),
            "is "
                + field.getValue()
                + ", but vision_config has "
                + vision.json().get(field.getKey())
                + "; remove the wrong one");
      }
    }
  }

  /**
   * The tower's architecture, after a check that every key is known.
   *
   * @param nested whether {@code config} is part of a larger model's, which may leave out what is
   *     CLIP
   */
  static VisionFamily family(JsonConfig config, boolean nested) {
    String modelType =
        nested
            ? config.text("model_type", VisionFamily.CLIP.modelType())
            : config.text("model_type");
    VisionFamily family =
        Arrays.stream(VisionFamily.values())
            .filter(candidate -> candidate.modelType().equals(modelType))
            .findFirst()
            .orElseThrow(
                () ->
                    config.error(
                        "model_type",
                        "is \""
                            + modelType
                            + "\", but a vision tower is one of "
                            + VisionFamily.modelTypes()
                            + "; give the config.json that belongs to the tower, or one with a "
                            + "vision_config"));
    config.refuseUnknown(KNOWN::contains);
    return family;
  }

  /** Checks that the heads divide the width and that at least one patch fits into the picture. */
  static void check(VisionConfig vision, JsonConfig config) {
    if (vision.hiddenSize() % vision.heads() != 0) {
      throw config.error(
          "hidden_size",
          "is "
              + vision.hiddenSize()
              + ", which num_attention_heads = "
              + vision.heads()
              + " do not divide");
    }
    if (vision.patchSize() > vision.imageSize()) {
      throw config.error(
          "patch_size",
          "is " + vision.patchSize() + ", larger than image_size = " + vision.imageSize());
    }
  }
}
