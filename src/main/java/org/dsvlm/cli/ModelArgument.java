/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.llava.LlavaFolder;
import org.dsvlm.train.recipe.Place;

/**
 * A model named by the user: its folder, the folder of a finished run, or the name of a model that
 * this project ships.
 */
final class ModelArgument {
  /** Stands for the model that this project ships. */
  private static final Path NAME = Path.of("nano");

  /** It lies among the parts that it was trained from. */
  private static final String SHIPPED_MODEL = "llava";

  private ModelArgument() {}

  /**
   * The folder of the model itself.
   *
   * @throws DsVlmException if it holds no config.json
   */
  static Path folder(Path model) {
    if (Files.notExists(model) && model.equals(NAME)) {
      return Place.SHIPPED.folder().resolve(SHIPPED_MODEL);
    }
    Path folder =
        FilePath.model(
            Files.isDirectory(model.resolve("export")) ? model.resolve("export") : model);
    LlavaFolder.refuseAdapter(folder);
    if (!Files.isRegularFile(folder.resolve("config.json"))) {
      throw new DsVlmException(folder + ": holds no model: config.json is missing");
    }
    return folder;
  }
}
