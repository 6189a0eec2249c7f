/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.catalogue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Families;
import org.dsvlm.models.StoredModel;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.dsvlm.weights.files.WeightFolder;

/** Recognises a folder or file of weights, and compares it with its configuration. */
public final class Inspection {
  private static final String CONFIG = "config.json";
  private static final String ADAPTER_CONFIG = "adapter_config.json";
  private static final String INDEX = "model_index.json";
  static final String BESIDE_ADAPTER = "non_lora_trainables.bin";

  private final List<InspectedModel> models = new ArrayList<>();

  private Inspection() {}

  /**
   * Reads the headers of {@code path}: a run, a LLaVA in any layout, a language model, a vision
   * tower, a diffusers folder or a part of one, a PEFT adapter, or a file of weights.
   *
   * @return one for each model in it
   * @throws org.dsvlm.io.DsVlmException if it is none of them or a file is unsound
   */
  public static List<InspectedModel> of(Path named) {
    Path path = FilePath.model(named);
    Inspection inspection = new Inspection();
    if (Files.isDirectory(path)) {
      inspection.runOrFolder(path);
    } else {
      inspection.file(path, "weights", Inspection::firstWords);
    }
    return inspection.models;
  }

  /** A run holds its models in folders of their own. */
  private void runOrFolder(Path path) {
    for (String name : List.of("export", "stable_diffusion")) {
      if (Files.isDirectory(path.resolve(name))) {
        folder(path.resolve(name));
      }
    }
    Path multiAdapter = path.resolve(MultiAdapterFile.NAME);
    if (Files.exists(multiAdapter)) {
      file(multiAdapter, "adapters, experts and routers of DS-VLM", name -> Part.SUPERVISION.key());
    }
    boolean own =
        List.of(CONFIG, ADAPTER_CONFIG, INDEX).stream()
            .anyMatch(name -> Files.exists(path.resolve(name)));
    if (own || models.isEmpty()) {
      folder(path);
    }
  }

  private void file(Path file, String what, UnaryOperator<String> partOf) {
    try (WeightSource weights = WeightFile.open(file)) {
      models.add(InspectedModel.of(file, what, partOf, weights));
    }
  }

  private void folder(Path folder) {
    if (Files.exists(folder.resolve(INDEX))) {
      configured(folder.resolve(StableDiffusionFolder.UNET));
      configured(folder.resolve(StableDiffusionFolder.VAE));
    } else if (Files.exists(folder.resolve(ADAPTER_CONFIG))) {
      peftAdapter(folder);
    } else if (Files.exists(folder.resolve(CONFIG))) {
      configured(folder);
    } else {
      try (WeightSource weights =
          WeightFolder.present(folder) || !Files.exists(folder.resolve("adapter_model.safetensors"))
              ? WeightFolder.open(folder)
              : WeightFolder.openAdapter(folder, List.of())) {
        models.add(
            InspectedModel.of(folder, "weights without config", Inspection::firstWords, weights));
      }
    }
  }

  /** A folder with a config.json. */
  private void configured(Path folder) {
    JsonConfig json = JsonConfig.read(folder.resolve(CONFIG));
    try (StoredModel model = Families.of(json).open(folder, json)) {
      models.add(
          InspectedModel.of(
              folder,
              model.description(),
              model.partOf(),
              ParameterShapes.of(model.module(), model.weights()),
              model.weights()));
    }
  }

  private void peftAdapter(Path folder) {
    JsonConfig json = JsonConfig.read(folder.resolve(ADAPTER_CONFIG));
    try (WeightSource weights = WeightFolder.openAdapter(folder, List.of(BESIDE_ADAPTER))) {
      models.add(
          InspectedModel.of(
              folder,
              String.format(
                  Locale.ROOT,
                  "PEFT adapter, %s of rank %d for %s",
                  json.text("peft_type", "unknown type"),
                  json.integer("r", 0),
                  json.text("base_model_name_or_path", "an unnamed model")),
              name -> Part.LORA.key(),
              pairs(weights),
              weights));
    }
    if (Files.exists(folder.resolve(BESIDE_ADAPTER))) {
      file(
          folder.resolve(BESIDE_ADAPTER),
          "parts that were trained whole beside the adapter, and are used with it",
          Inspection::firstWords);
    }
  }

  /** Both matrices of every adapted layer: they meet in the rank. */
  private static Map<String, long[]> pairs(WeightSource weights) {
    Map<String, long[]> pairs = new LinkedHashMap<>();
    for (String name : weights.names()) {
      long[] shape = weights.shape(name);
      pairs.putIfAbsent(name, shape);
      if (shape.length == 2 && name.contains(".lora_A.")) {
        pairs.put(name.replace(".lora_A.", ".lora_B."), new long[] {0, shape[0]});
      } else if (shape.length == 2 && name.contains(".lora_B.")) {
        pairs.putIfAbsent(name.replace(".lora_B.", ".lora_A."), new long[] {shape[1], 0});
      }
    }
    return pairs;
  }

  /** The beginning of a name, which tells parts of an unknown model apart. */
  private static String firstWords(String name) {
    String[] words = name.split("\\.");
    return words[0].equals("model") && words.length > 2 ? words[0] + "." + words[1] : words[0];
  }
}
