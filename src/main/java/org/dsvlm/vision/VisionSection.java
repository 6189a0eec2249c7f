/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.vision;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.dsvlm.tensor.JsonConfig;

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
   * The tower's settings, after a check that every key is known.
   *
   * @param modelType the one architecture that the caller computes
   */
  static JsonConfig require(JsonNode json, String where, String modelType) {
    JsonConfig config = find(json, where);
    boolean nested = config.json() != json;
    String actual = nested ? config.text("model_type", modelType) : config.text("model_type");
    if (!actual.equals(modelType)) {
      throw config.error(
          "model_type",
          "is \""
              + actual
              + "\", but this vision tower is a "
              + modelType
              + "; give the config.json that belongs to the tower, or one with a vision_config");
    }
    config.refuseUnknown(KNOWN::contains);
    return config;
  }

  /**
   * {@code vision}, read from {@code config}, after a check that its heads divide its width and
   * that at least one patch fits into the picture.
   */
  static <C extends VisionConfig> C checked(C vision, JsonConfig config) {
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
    return vision;
  }

  /** {@code config} as its own JSON. */
  static ObjectNode write(VisionConfig config, String modelType) {
    return new ObjectMapper()
        .createObjectNode()
        .put("model_type", modelType)
        .put("hidden_size", config.hiddenSize())
        .put("intermediate_size", config.intermediateSize())
        .put("num_hidden_layers", config.layers())
        .put("num_attention_heads", config.heads())
        .put("num_channels", config.channels())
        .put("image_size", config.imageSize())
        .put("patch_size", config.patchSize())
        .put("hidden_act", config.activation().key())
        .put("layer_norm_eps", config.layerNormEps());
  }
}
