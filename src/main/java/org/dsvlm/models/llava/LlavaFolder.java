/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionFamily;
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

  /**
   * Reads the configuration and the headers of the weights. A vision tower that lies elsewhere is
   * looked for where {@code mm_vision_tower} says, in {@code folder} or by its whole path.
   *
   * @throws org.dsvlm.io.DsVlmException if a file is missing or unsound, naming file and key
   */
  public static LlavaFolder open(Path folder) {
    JsonConfig json = JsonConfig.read(folder.resolve("config.json"));
    if (!OriginalLlavaConfig.matches(json)) {
      LlavaConfig config = LlavaConfig.parse(json.json(), json.where());
      return new LlavaFolder(folder, folder, config, LlavaLayouts.read(WeightFolder.open(folder)));
    }
    Path visionFolder = folder.resolve(json.text("mm_vision_tower"));
    if (!Files.isRegularFile(visionFolder.resolve("config.json"))) {
      throw json.error(
          "mm_vision_tower",
          "is '"
              + json.text("mm_vision_tower")
              + "', but "
              + visionFolder
              + " holds no config.json; fetch the tower and let the key name its folder");
    }
    VisionConfig vision = VisionConfig.read(visionFolder.resolve("config.json"));
    LlavaConfig config = OriginalLlavaConfig.parse(json, vision);
    return new LlavaFolder(
        folder, visionFolder, config, withVision(folder, visionFolder, vision.family()));
  }

  /** The original files hold the vision tower only if it was trained. */
  private static WeightSource withVision(Path folder, Path visionFolder, VisionFamily family) {
    WeightSource own = LlavaLayouts.read(WeightFolder.open(folder));
    if (own.names().stream().anyMatch(name -> name.startsWith("vision_tower."))) {
      return own;
    }
    WeightSource tower = WeightFolder.open(visionFolder);
    UnaryOperator<String> renaming = family.layout(tower.names(), visionFolder.toString());
    WeightSource vision =
        new RenamedWeights(
            tower,
            name -> {
              String visionName = renaming.apply(name);
              return visionName == null ? null : "vision_tower." + visionName;
            });
    return new JoinedWeights(folder.toString(), List.of(own, vision));
  }

  @Override
  public void close() {
    weights.close();
  }
}
