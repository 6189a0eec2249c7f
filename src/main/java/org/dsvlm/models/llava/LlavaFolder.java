/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.TiedHead;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionFamily;
import org.dsvlm.nn.UnusedTensors;
import org.dsvlm.weights.JoinedWeights;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * A LLaVA as it lies in a folder, in any of its layouts (see {@link LlavaLayouts}), its weights not
 * read yet.
 *
 * @param path the folder
 * @param visionPath where the vision tower's own files are: {@code path} but for the original
 *     layout
 * @param config what config.json says
 * @param weights by the names of {@link Llava}
 */
public record LlavaFolder(Path path, Path visionPath, LlavaConfig config, WeightSource weights)
    implements AutoCloseable {
  private static final String CONFIG = "config.json";

  /**
   * Reads the configuration and the headers of the weights. A vision tower that lies elsewhere is
   * looked for where {@code mm_vision_tower} says, in {@code folder} or by its whole path.
   *
   * @throws org.dsvlm.io.DsVlmException if a file is missing or unsound, naming file and key
   */
  public static LlavaFolder open(Path path) {
    Path folder = FilePath.model(path);
    refuseAdapter(folder);
    JsonConfig json = JsonConfig.read(folder.resolve(CONFIG));
    LlavaConfig config = config(folder, json);
    if (!OriginalLlavaConfig.matches(json)) {
      return of(folder, folder, config, LlavaLayouts.read(WeightFolder.open(folder)));
    }
    Path visionFolder = visionFolder(folder, json);
    WeightSource weights = withVision(folder, visionFolder, config.vision().family());
    try {
      OriginalLlavaConfig.requireConnector(json, config, weights);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
    return of(folder, visionFolder, config, weights);
  }

  /**
   * What the configuration of the LLaVA in {@code path} says, in any layout; of its weights nothing
   * is read.
   *
   * @throws DsVlmException as {@link #open} does
   */
  public static LlavaConfig config(Path path) {
    Path folder = FilePath.model(path);
    return config(folder, JsonConfig.read(folder.resolve(CONFIG)));
  }

  private static LlavaConfig config(Path folder, JsonConfig json) {
    if (!OriginalLlavaConfig.matches(json)) {
      return LlavaConfig.parse(json.json(), json.where());
    }
    Path visionFolder = visionFolder(folder, json);
    if (!Files.isRegularFile(visionFolder.resolve(CONFIG))) {
      throw json.error(
          "mm_vision_tower",
          "is '"
              + json.text("mm_vision_tower")
              + "', but "
              + visionFolder
              + " holds no config.json; fetch the tower and let the key name its folder");
    }
    return OriginalLlavaConfig.parse(json, VisionConfig.read(visionFolder.resolve(CONFIG)));
  }

  private static LlavaFolder of(
      Path folder, Path visionFolder, LlavaConfig config, WeightSource weights) {
    try {
      TiedHead head = TiedHead.resolve(config.text(), weights, LlavaLayouts.LANGUAGE_MODEL);
      return new LlavaFolder(folder, visionFolder, config.withText(head.config()), head.weights());
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /** The folder of the vision tower that {@code json}, of the original layout, names. */
  static Path visionFolder(Path folder, JsonConfig json) {
    String key = "mm_vision_tower";
    return FilePath.model(
        folder.resolve(FilePath.of(json.where() + ": '" + key + "'", json.text(key))));
  }

  /**
   * Refuses a folder that holds an adapter and no model: LLaVA's own LoRA folders have a
   * config.json of the model, too.
   *
   * @throws DsVlmException saying how an adapter is used
   */
  public static void refuseAdapter(Path folder) {
    if (Files.exists(folder.resolve("adapter_config.json")) && !WeightFolder.present(folder)) {
      throw new DsVlmException(
          folder
              + ": is an adapter; give the model that it was made for as --model (or"
              + " model.llava), and this folder as --adapter (for export: --merge-adapter)");
    }
  }

  /** The original files hold the vision tower only if it was trained. */
  private static WeightSource withVision(Path folder, Path visionFolder, VisionFamily family) {
    WeightSource own = LlavaLayouts.read(WeightFolder.open(folder));
    if (own.names().stream().anyMatch(name -> name.startsWith("vision_tower."))) {
      return own;
    }
    WeightSource tower = WeightFolder.open(visionFolder);
    UnaryOperator<String> renaming = family.layout(tower.names(), visionFolder.toString());
    RenamedWeights vision =
        new RenamedWeights(
            tower,
            name -> {
              String visionName = renaming.apply(name);
              return visionName == null ? null : "vision_tower." + visionName;
            });
    UnusedTensors.sayHidden(vision);
    return new JoinedWeights(folder.toString(), List.of(own, vision));
  }

  @Override
  public void close() {
    weights.close();
  }
}
