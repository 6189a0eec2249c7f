/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Families;

/**
 * Sizes and choices of a decoder of Llama's kind, of any {@link LanguageFamily}.
 *
 * @param family the architecture
 * @param vocabularySize rows of the embedding table and of the output head
 * @param hiddenSize width of a token
 * @param intermediateSize width inside the MLP
 * @param layers number of decoder layers
 * @param heads query heads
 * @param keyValueHeads key and value heads; each serves heads / keyValueHeads query heads
 * @param headDim width of a head
 * @param maxPositions context length in tokens
 * @param rmsNormEps added to the mean square in every norm
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling how the rotary frequencies are stretched
 * @param queryKeyValueBias whether the three input projections of attention have biases
 * @param outputBias whether the output projection of attention has one
 * @param mlpBias whether the three MLP projections have biases
 * @param tiedEmbeddings whether the output head is the embedding table
 * @param initializerRange standard deviation of weights that start at random
 */
public record LlamaConfig(
    LanguageFamily family,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int keyValueHeads,
    int headDim,
    int maxPositions,
    double rmsNormEps,
    double ropeTheta,
    RopeScaling ropeScaling,
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean mlpBias,
    boolean tiedEmbeddings,
    double initializerRange) {

  /** Keys that are read here, or have no effect while sliding windows are off. */
  private static final Set<String> KNOWN =
      Set.of(
          "model_type",
          "vocab_size",
          "hidden_size",
          "intermediate_size",
          "num_hidden_layers",
          "num_attention_heads",
          "num_key_value_heads",
          "head_dim",
          "hidden_act",
          "max_position_embeddings",
          "rms_norm_eps",
          "rope_theta",
          "rope_scaling",
          "rope_parameters",
          "attention_bias",
          "mlp_bias",
          "tie_word_embeddings",
          "initializer_range",
          "layer_types",
          "partial_rotary_factor",
          "sliding_window",
          "max_window_layers",
          // How many slices a product is computed in, and the length of old training runs.
          "pretraining_tp",
          "max_sequence_length");

  /**
   * Reads config.json (or its {@code text_config}), in the keys of the public checkpoints and in
   * those of transformers 5. A key that is absent has the value that the transformers library gives
   * it.
   *
   * @param where the file, for messages
   * @throws DsVlmException for another architecture, sizes that do not fit together, or a setting
   *     whose computation is not built, naming file and key
   */
  public static LlamaConfig parse(JsonNode json, String where) {
    return parse(JsonConfig.of(json, where));
  }

  /** As {@link #parse(JsonNode, String)}, for an object inside a file. */
  public static LlamaConfig parse(JsonConfig json) {
    return parse(json, json.text("model_type"));
  }

  /**
   * As above for an object that may leave {@code model_type} out.
   *
   * @param unsaid what it then stands for
   */
  public static LlamaConfig parseWithDefault(JsonConfig json, String unsaid) {
    return parse(json, json.text("model_type", unsaid));
  }

  private static LlamaConfig parse(JsonConfig json, String type) {
    List<LanguageFamily> known = Families.all(LanguageFamily.class);
    return known.stream()
        .filter(family -> family.modelType().equals(type))
        .findFirst()
        .orElseThrow(
            () ->
                json.error(
                    "model_type",
                    "is '"
                        + type
                        + "'; this language model reads "
                        + known.stream().map(LanguageFamily::modelType).toList()))
        .parse(json);
  }

  static LlamaConfig parse(
      JsonConfig json, LanguageFamily family, Predicate<String> readElsewhere) {
    return json.collecting(() -> read(json, family, readElsewhere));
  }

  private static LlamaConfig read(
      JsonConfig json, LanguageFamily family, Predicate<String> readElsewhere) {
    LanguageFamily.Defaults defaults = family.defaults();
    json.refuseUnknown(readElsewhere.or(KNOWN::contains));
    checkSupported(json);
    int hiddenSize = json.size("hidden_size", 4096);
    int heads = json.size("num_attention_heads", 32);
    int keyValueHeads =
        json.size(
            "num_key_value_heads",
            defaults.keyValueHeads() == 0 ? heads : defaults.keyValueHeads());
    if (hiddenSize % heads != 0) {
      throw json.error(
          "hidden_size",
          "is " + hiddenSize + ", which 'num_attention_heads' " + heads + " does not divide");
    }
    if (heads % keyValueHeads != 0) {
      throw json.error(
          "num_key_value_heads",
          "is " + keyValueHeads + ", which does not divide " + heads + " 'num_attention_heads'");
    }
    int headDim = json.size("head_dim", hiddenSize / heads);
    if (headDim % 2 != 0) {
      throw json.error("head_dim", "is " + headDim + "; rotary embedding turns pairs");
    }
    LanguageFamily.Biases biases = family.biases(json);
    boolean newKeys = json.has("rope_parameters");
    JsonConfig rope = json.child(newKeys ? "rope_parameters" : "rope_scaling");
    return new LlamaConfig(
        family,
        json.size("vocab_size", defaults.vocabularySize()),
        hiddenSize,
        json.size("intermediate_size", defaults.intermediateSize()),
        json.count("num_hidden_layers", 32),
        heads,
        keyValueHeads,
        headDim,
        json.size("max_position_embeddings", defaults.maxPositions()),
        json.number("rms_norm_eps", 1e-6),
        rope.number("rope_theta", json.number("rope_theta", 10000.0)),
        RopeScaling.parse(rope),
        biases.queryKeyValue(),
        biases.output(),
        json.flag("mlp_bias", false),
        json.flag("tie_word_embeddings", false),
        json.number("initializer_range", 0.02));
  }

  private static void checkSupported(JsonConfig json) {
    json.onlySupports("hidden_act", "silu");
    json.onlySupports("partial_rotary_factor", 1.0);
    if (json.has("layer_types")) {
      for (JsonNode type : json.json().get("layer_types")) {
        if (!type.asText().equals("full_attention")) {
          throw json.error(
              "layer_types", "holds " + Excerpt.of(type) + "; only full_attention is supported");
        }
      }
    }
  }

  /** The same model, the embedding table being its output head or not. */
  public LlamaConfig withTiedEmbeddings(boolean tied) {
    return withTokens(vocabularySize, tied);
  }

  /** The same model with another number of token rows. */
  public LlamaConfig withVocabularySize(int size) {
    return withTokens(size, tiedEmbeddings);
  }

  private LlamaConfig withTokens(int rows, boolean tied) {
    return new LlamaConfig(
        family,
        rows,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        keyValueHeads,
        headDim,
        maxPositions,
        rmsNormEps,
        ropeTheta,
        ropeScaling,
        queryKeyValueBias,
        outputBias,
        mlpBias,
        tied,
        initializerRange);
  }

  /** This configuration as transformers 5 writes it. */
  public ObjectNode toJson() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.putArray("architectures").add(family.architecture());
    json.put("model_type", family.modelType())
        .put("vocab_size", vocabularySize)
        .put("hidden_size", hiddenSize)
        .put("intermediate_size", intermediateSize)
        .put("num_hidden_layers", layers)
        .put("num_attention_heads", heads)
        .put("num_key_value_heads", keyValueHeads)
        .put("head_dim", headDim)
        .put("hidden_act", "silu")
        .put("max_position_embeddings", maxPositions)
        .put("rms_norm_eps", rmsNormEps)
        .put("tie_word_embeddings", tiedEmbeddings)
        .put("initializer_range", initializerRange)
        .put("attention_dropout", 0.0)
        .put("use_cache", true);
    family.writeBiases(this, json);
    ObjectNode rope = json.putObject("rope_parameters");
    rope.put("rope_theta", ropeTheta);
    ropeScaling.write(rope);
    return json;
  }

  /** This configuration as transformers 4 reads it, the rotary settings under their old keys. */
  public ObjectNode toJsonOfOldTransformers() {
    ObjectNode json = toJson();
    ObjectNode rope = (ObjectNode) json.remove("rope_parameters");
    json.set("rope_theta", rope.remove("rope_theta"));
    if (ropeScaling instanceof RopeScaling.None) {
      return json.putNull("rope_scaling");
    }
    // Its first versions know the key without the prefix alone.
    rope.set("type", rope.get("rope_type"));
    return json.set("rope_scaling", rope);
  }

  /** Multiplications of a token in all layers, about: with each matrix, attention left out. */
  long multiplications() {
    long attention = 2L * (heads + keyValueHeads) * headDim;
    return layers * hiddenSize * (attention + 3L * intermediateSize);
  }
}
