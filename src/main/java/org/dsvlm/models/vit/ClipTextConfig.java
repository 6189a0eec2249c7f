/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.dsvlm.io.JsonConfig;

/**
 * Sizes of CLIP's text tower, as {@code text_config} of its config.json gives them.
 *
 * @param vocabularySize rows of the embedding table
 * @param hiddenSize width of a token
 * @param intermediateSize width inside the MLP
 * @param layers number of layers
 * @param heads number of attention heads
 * @param maxPositions most tokens of a text
 * @param endToken the token whose last state stands for the text
 */
public record ClipTextConfig(
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int maxPositions,
    int endToken) {
  private static final double EPS = 1e-5;

  /** Reads a {@code text_config}. */
  public static ClipTextConfig parse(JsonConfig json) {
    return new ClipTextConfig(
        json.size("vocab_size"),
        json.size("hidden_size"),
        json.size("intermediate_size"),
        json.count("num_hidden_layers"),
        json.size("num_attention_heads"),
        json.size("max_position_embeddings"),
        json.integer("eos_token_id", 2));
  }

  /** These sizes as a {@code text_config}. */
  public ObjectNode toJson() {
    return new ObjectMapper()
        .createObjectNode()
        .put("model_type", "clip_text_model")
        .put("vocab_size", vocabularySize)
        .put("hidden_size", hiddenSize)
        .put("intermediate_size", intermediateSize)
        .put("num_hidden_layers", layers)
        .put("num_attention_heads", heads)
        .put("max_position_embeddings", maxPositions)
        .put("hidden_act", Activation.QUICK_GELU.key())
        .put("layer_norm_eps", EPS)
        .put("eos_token_id", endToken);
  }

  EncoderLayer.Shape shape() {
    return new EncoderLayer.Shape(
        hiddenSize, intermediateSize, heads, Activation.QUICK_GELU, EPS, true);
  }

  double eps() {
    return EPS;
  }
}
