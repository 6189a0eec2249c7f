/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.Parameters;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * Models of one architecture: how their public files are read and written, and the network itself.
 * A family is found by {@link java.util.ServiceLoader} under this interface's name, so that its
 * class is public and has a public constructor without arguments; everything else asks {@link
 * Families}. What a pass through a model costs is a question of each kind's own interface, since
 * kinds depend on different things: a vision tower on pictures and the blocks that are used, a
 * language model on records and answers.
 *
 * @param <C> sizes and choices of one model
 */
public interface ModelFamily<C> {
  /** Every {@code model_type}, or {@code _class_name} of diffusers, that its files go by. */
  Set<String> modelTypes();

  /** The class of its configurations. */
  Class<C> configType();

  /** Whether {@code json}, a config.json, describes a model of this family. */
  default boolean recognises(JsonConfig json) {
    return modelTypes().contains(Families.typeIn(json));
  }

  /**
   * Reads config.json.
   *
   * @throws org.dsvlm.io.DsVlmException for another architecture, sizes that do not fit together,
   *     or a setting whose computation is not built, naming file and key
   */
  C parse(JsonConfig json);

  /** {@code config} in the keys that {@link #parse} reads. */
  ObjectNode toJson(C config);

  /** {@code config} as the config.json of a folder of its own. */
  default ObjectNode fileOf(C config) {
    return toJson(config);
  }

  /** Builds the network on the parameters it is given. */
  Consumer<Parameters> module(C config);

  /**
   * Where the tensors of a file belong.
   *
   * @param stored all names in the file
   * @param where the file, for messages
   * @return from a stored name to that of {@link #module}, null for what the model does not use
   * @throws org.dsvlm.io.DsVlmException if the file does not hold one model of this family
   */
  default UnaryOperator<String> layout(Set<String> stored, String where) {
    return UnaryOperator.identity();
  }

  /** {@code stored} as {@link #module} reads it; closing the result closes it. */
  default WeightSource weights(WeightSource stored, String where) {
    return new RenamedWeights(stored, layout(stored.names(), where));
  }

  /** The name in the files that are written, of the network's parameter {@code name}. */
  default String storedName(String name) {
    return name;
  }

  /** {@code config} in a line for people: the family's name, then its sizes in brackets. */
  String describe(C config);

  /** The part of the model that the network's parameter {@code name} belongs to. */
  String partOf(String name);

  /** Whether it reads text, and so needs a tokenizer. */
  default boolean readsText() {
    return false;
  }

  /** Public models of this family that are known by name. */
  default List<Preset> presets() {
    return List.of();
  }

  /** The configuration of one of the {@link #presets}. */
  default C configOf(Preset preset) {
    return parse(preset.facts().child("config"));
  }

  /** The folder that one of the {@link #presets} comes in. */
  default ModelFolder folderOf(Preset preset) {
    C config = configOf(preset);
    Map<String, ObjectNode> files = new LinkedHashMap<>();
    files.put(ModelFolder.CONFIG, fileOf(config));
    files.putAll(preset.companions());
    return ModelFolder.of(files, module(config), this::storedName);
  }

  /**
   * Opens the model in {@code folder}, its weights not read yet.
   *
   * @param json its config.json
   * @throws org.dsvlm.io.DsVlmException if a file is missing or unsound
   */
  default StoredModel open(Path folder, JsonConfig json) {
    C config = parse(json);
    WeightSource stored = WeightFolder.open(folder);
    return new StoredModel(
        describe(config), module(config), this::partOf, weights(stored, folder.toString()));
  }
}
