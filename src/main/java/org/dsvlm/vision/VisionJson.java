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

/** Where a tower's settings stand in {@code config.json}, and what may stand beside them. */
final class VisionJson {
  /** Keys that the towers compute with. */
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
          "vision_use_head");

  /**
   * Keys that public files hold whatever their value, without a say in what the tower computes: the
   * start of training from nothing, the projection behind the tower, number formats, and the
   * generation settings that older files repeat for every part of a model.
   */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "architectures",
          "transformers_version",
          "dtype",
          "torch_dtype",
          "initializer_range",
          "initializer_factor",
          "projection_dim",
          "vocab_size",
          "id2label",
          "label2id",
          "return_dict",
          "output_attentions",
          "output_hidden_states",
          "tie_word_embeddings",
          "use_cache",
          "max_length",
          "min_length",
          "num_beams",
          "num_beam_groups",
          "num_return_sequences",
          "length_penalty",
          "repetition_penalty",
          "diversity_penalty",
          "temperature",
          "top_k",
          "top_p",
          "typical_p");

  private VisionJson() {}

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
   * The tower's settings, with what is common to both architectures checked.
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
    KnownKeys.refuseOthers(config, KNOWN, WITHOUT_EFFECT);
    int width = config.size("hidden_size", 768);
    int heads = config.size("num_attention_heads", 12);
    if (width % heads != 0) {
      throw config.error(
          "hidden_size",
          "is " + width + ", which num_attention_heads = " + heads + " do not divide");
    }
    return config;
  }

  /** Complains if not even one patch fits into the picture. */
  static void requireOnePatch(JsonConfig config, int imageSize, int patchSize) {
    if (patchSize > imageSize) {
      throw config.error(
          "patch_size", "is " + patchSize + ", larger than image_size = " + imageSize);
    }
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
