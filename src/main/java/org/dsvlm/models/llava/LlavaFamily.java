/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.ModelFamily;
import org.dsvlm.models.ModelFolder;
import org.dsvlm.models.Preset;
import org.dsvlm.models.StoredModel;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.weights.WeightSource;

/** LLaVA (Liu et al. 2023), in any of its layouts. */
public record LlavaFamily() implements ModelFamily<LlavaConfig> {
  static final String MODEL_TYPE = "llava";

  @Override
  public Set<String> modelTypes() {
    return Set.of(MODEL_TYPE);
  }

  @Override
  public Class<LlavaConfig> configType() {
    return LlavaConfig.class;
  }

  /** The original project's files have the model types of language models, some of them. */
  @Override
  public boolean recognises(JsonConfig json) {
    return OriginalLlavaConfig.matches(json) || ModelFamily.super.recognises(json);
  }

  @Override
  public LlavaConfig parse(JsonConfig json) {
    return LlavaConfig.parse(json.json(), json.where());
  }

  @Override
  public ObjectNode toJson(LlavaConfig config) {
    return config.toJson();
  }

  @Override
  public Consumer<Parameters> module(LlavaConfig config) {
    return root -> new Llava(root, config);
  }

  @Override
  public WeightSource weights(WeightSource stored, String where) {
    return LlavaLayouts.read(stored);
  }

  @Override
  public String storedName(String name) {
    return LlavaLayouts.newest(name);
  }

  @Override
  public String describe(LlavaConfig config) {
    return "LLaVA of "
        + config.vision().family().describe(config.vision())
        + " and "
        + config.text().family().describe(config.text());
  }

  @Override
  public String partOf(String name) {
    if (name.startsWith("vision_tower.")) {
      return Part.VISION_ENCODER.key();
    }
    if (name.startsWith("multi_modal_projector.")) {
      return Part.CONNECTOR.key();
    }
    return name.startsWith("language_model.") ? Part.LANGUAGE_MODEL.key() : name.split("\\.")[0];
  }

  @Override
  public boolean readsText() {
    return true;
  }

  /** A LLaVA of the original layout has its vision tower in another folder. */
  @Override
  public StoredModel open(Path folder, JsonConfig json) {
    LlavaFolder files = LlavaFolder.open(folder);
    return new StoredModel(
        describe(files.config()), module(files.config()), this::partOf, files.weights());
  }

  @Override
  public List<Preset> presets() {
    return Stream.of("llava-1.5-7b", "llava-1.5-13b", "llava-llama-3-8b", "llava-qwen2-7b")
        .map(name -> new Preset(name, LlavaFamily.class))
        .toList();
  }

  @Override
  public LlavaConfig configOf(Preset preset) {
    return LlavaPresets.config(preset.name());
  }

  @Override
  public ModelFolder folderOf(Preset preset) {
    return LlavaPresets.folder(preset.name());
  }
}
