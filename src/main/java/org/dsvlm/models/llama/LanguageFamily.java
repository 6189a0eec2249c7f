/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.ModelFamily;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/**
 * An architecture of language models that {@link CausalLm} computes: decoders of Llama's kind,
 * which differ in defaults, biases and names.
 */
public interface LanguageFamily extends ModelFamily<LlamaConfig> {
  /**
   * The values of keys that a file leaves out and that families differ in.
   *
   * @param keyValueHeads 0 for as many as query heads
   */
  record Defaults(int vocabularySize, int intermediateSize, int maxPositions, int keyValueHeads) {}

  /** Whether attention's three input projections have biases, and its output projection. */
  record Biases(boolean queryKeyValue, boolean output) {}

  /**
   * The original LLaVA project's names for its models on top of this family.
   *
   * @param modelTypes that it reads; the first is the one to write
   * @param architecture its class
   */
  record OriginalLlava(List<String> modelTypes, String architecture) {}

  /** Writes down the operations of {@code pass} through a model of {@code config}. */
  default void cost(Tape tape, LlamaConfig config, LanguagePass pass) {
    new LanguageCost(tape, config, pass).record();
  }

  /** The {@code model_type}. */
  String modelType();

  /** The class that the transformers library reads the model as. */
  String architecture();

  /** The values of keys that a file leaves out. */
  Defaults defaults();

  /** The biases that {@code json} asks for. */
  Biases biases(JsonConfig json);

  /** Adds the keys of biases, if the family has any. */
  default void writeBiases(LlamaConfig config, ObjectNode json) {}

  /** The original LLaVA project's names. */
  OriginalLlava originalLlava();

  @Override
  default Set<String> modelTypes() {
    return Set.of(modelType());
  }

  @Override
  default Class<LlamaConfig> configType() {
    return LlamaConfig.class;
  }

  @Override
  default LlamaConfig parse(JsonConfig json) {
    return parse(json, key -> false);
  }

  /**
   * As {@link #parse(JsonConfig)}, whatever {@code model_type} says: it may be missing, or be that
   * of LLaVA's original files.
   *
   * @param readElsewhere keys that the caller looks after
   */
  default LlamaConfig parse(JsonConfig json, Predicate<String> readElsewhere) {
    return LlamaConfig.parse(json, this, readElsewhere);
  }

  @Override
  default ObjectNode toJson(LlamaConfig config) {
    return config.toJson();
  }

  @Override
  default Consumer<Parameters> module(LlamaConfig config) {
    return root -> new CausalLm(root, config);
  }

  /** A model alone, or the language part of the LLaVA folders of the transformers library. */
  @Override
  default UnaryOperator<String> layout(Set<String> stored, String where) {
    Map<String, String> prefixes = new LinkedHashMap<>();
    prefixes.put("model.language_model.", "model.");
    prefixes.put("language_model.", "");
    return name -> {
      if (name.endsWith(".rotary_emb.inv_freq")) {
        return null;
      }
      for (Map.Entry<String, String> prefix : prefixes.entrySet()) {
        if (name.startsWith(prefix.getKey())) {
          return prefix.getValue() + name.substring(prefix.getKey().length());
        }
      }
      return name;
    };
  }

  @Override
  default String describe(LlamaConfig config) {
    return String.format(
        Locale.ROOT,
        "%s (%d layers, width %d, %d words)",
        modelType(),
        config.layers(),
        config.hiddenSize(),
        config.vocabularySize());
  }

  @Override
  default String partOf(String name) {
    return Part.LANGUAGE_MODEL.key();
  }

  @Override
  default boolean readsText() {
    return true;
  }
}
