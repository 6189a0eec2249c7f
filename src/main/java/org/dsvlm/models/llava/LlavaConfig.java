/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.nn.cost.Tape;

/**
 * The configurations of a LLaVA's parts, and their connection.
 *
 * @param vision the vision tower
 * @param text the language model
 * @param imageToken id that stands for one vector of a picture in a prompt
 * @param featureLayers hidden states of the tower that the connector reads, side by side; 0 is what
 *     enters the first layer, negative ones count from the end
 * @param dropFirstToken whether the first token of each, CLIP's class token, is left out ({@code
 *     vision_feature_select_strategy} default, not full)
 * @param connectorBias whether the connector's layers have biases
 * @param connectorLayers 2, with GELU between; 1 for the first LLaVA's
 */
public record LlavaConfig(
    VisionConfig vision,
    LlamaConfig text,
    long imageToken,
    List<Integer> featureLayers,
    boolean dropFirstToken,
    boolean connectorBias,
    int connectorLayers) {

  /** Layers of the connector from LLaVA 1.5 on, and of every one in Hugging Face's layout. */
  public static final int CONNECTOR_LAYERS = 2;

  /** The language model of a {@code text_config} that leaves {@code model_type} out. */
  private static final String UNSAID = "llama";

  private static final Set<String> KNOWN =
      Set.of(
          "model_type",
          "text_config",
          "vision_config",
          "image_token_index",
          "image_token_id",
          "vision_feature_layer",
          "vision_feature_select_strategy",
          "projector_hidden_act",
          "multimodal_projector_bias",
          "tie_word_embeddings",
          // Repeated from the parts, or about the loss's ignored label.
          "image_seq_length",
          "vocab_size",
          "ignore_index",
          // About the text around the answers.
          TrainedTemplate.KEY);

  /**
   * @throws DsVlmException for a feature layer that the tower has not
   */
  public LlavaConfig {
    featureLayers = List.copyOf(featureLayers);
    for (int layer : featureLayers) {
      if (layer < -vision.layers() - 1 || layer > vision.layers()) {
        throw new DsVlmException(
            "vision_feature_layer "
                + layer
                + " does not exist: the vision tower has "
                + vision.layers()
                + " layers, so hidden states 0 to "
                + vision.layers());
      }
    }
  }

  /**
   * Reads config.json of a Hugging Face folder.
   *
   * @param where the file, for messages
   * @throws DsVlmException for another architecture or a setting that is not built, naming file and
   *     key
   */
  public static LlavaConfig parse(JsonNode json, String where) {
    JsonConfig config = JsonConfig.of(json, where);
    return config.collecting(() -> parse(config));
  }

  private static LlavaConfig parse(JsonConfig config) {
    String where = config.where();
    if (!config.text("model_type").equals(LlavaFamily.MODEL_TYPE)) {
      throw config.error(
          "model_type",
          "is '" + config.text("model_type") + "', not '" + LlavaFamily.MODEL_TYPE + "'");
    }
    config.refuseUnknown(KNOWN::contains);
    config.onlySupports("projector_hidden_act", "gelu");
    if (!config.has("text_config") || !config.has("vision_config")) {
      throw config.error(
          config.has("text_config") ? "vision_config" : "text_config",
          "is missing; it describes a part of the model");
    }
    LlamaConfig text = LlamaConfig.parseWithDefault(config.child("text_config"), UNSAID);
    if (config.flag("tie_word_embeddings", false)) {
      text = text.withTiedEmbeddings(true);
    }
    try {
      return new LlavaConfig(
          VisionConfig.parse(config),
          text,
          config.integer("image_token_index", config.integer("image_token_id", 32000)),
          featureLayers(config),
          dropFirstToken(config),
          config.flag("multimodal_projector_bias", true),
          CONNECTOR_LAYERS);
    } catch (DsVlmException e) {
      throw e.at(where);
    }
  }

  private static List<Integer> featureLayers(JsonConfig config) {
    JsonNode layers = config.json().path("vision_feature_layer");
    if (!layers.isArray()) {
      return List.of(config.integer("vision_feature_layer", -2));
    }
    List<Integer> several = new ArrayList<>();
    for (JsonNode layer : layers) {
      if (!layer.isInt()) {
        throw config.error(
            "vision_feature_layer", "holds " + Excerpt.of(layer) + ", not a whole number");
      }
      several.add(layer.intValue());
    }
    return several;
  }

  private static boolean dropFirstToken(JsonConfig config) {
    String strategy = config.text("vision_feature_select_strategy", "default");
    return switch (strategy) {
      case "default" -> true;
      case "full" -> false;
      default ->
          throw config.error(
              "vision_feature_select_strategy", "is '" + strategy + "', not default or full");
    };
  }

  /** Tokens that a picture takes in a prompt. */
  public int imageTokens() {
    return vision.patches() + classTokens() - (dropFirstToken ? 1 : 0);
  }

  /** Tokens that the vision tower makes beside those of the patches. */
  int classTokens() {
    return vision.classTokens();
  }

  /** Width of what the connector reads. */
  public int connectorInput() {
    return vision.hiddenSize() * featureLayers.size();
  }

  /**
   * Writes down the operations of the connector, which always trains.
   *
   * @param pictures of the batch
   * @param differentiated whether the encoder's features have a gradient
   */
  public void costOfConnector(Tape tape, double pictures, boolean differentiated) {
    ConnectorCost.record(tape, this, pictures, differentiated);
  }

  /** The same with another language model. */
  LlavaConfig withText(LlamaConfig other) {
    return new LlavaConfig(
        vision, other, imageToken, featureLayers, dropFirstToken, connectorBias, connectorLayers);
  }

  /** The same with another image token. */
  LlavaConfig withImageToken(long other) {
    return new LlavaConfig(
        vision, text, other, featureLayers, dropFirstToken, connectorBias, connectorLayers);
  }

  /**
   * This configuration as config.json of a Hugging Face folder.
   *
   * @throws DsVlmException for a connector of one layer, which that layout cannot hold
   */
  public ObjectNode toJson() {
    if (connectorLayers != CONNECTOR_LAYERS) {
      throw new DsVlmException(
          "the Hugging Face layout cannot hold a model whose connector has one layer; write the"
              + " original layout");
    }
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.putArray("architectures").add("LlavaForConditionalGeneration");
    json.put("model_type", LlavaFamily.MODEL_TYPE)
        .put("image_token_index", imageToken)
        .put("image_seq_length", imageTokens())
        .put("projector_hidden_act", "gelu")
        .put("multimodal_projector_bias", connectorBias)
        .put("vision_feature_select_strategy", dropFirstToken ? "default" : "full")
        .put("tie_word_embeddings", text.tiedEmbeddings());
    if (featureLayers.size() == 1) {
      json.put("vision_feature_layer", featureLayers.get(0));
    } else {
      ArrayNode several = json.putArray("vision_feature_layer");
      featureLayers.forEach(several::add);
    }
    json.set("text_config", text.toJson());
    json.set("vision_config", vision.toJson());
    return json;
  }
}
