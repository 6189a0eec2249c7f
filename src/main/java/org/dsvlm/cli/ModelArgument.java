/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.io.DsVlmException;

/** A model named by the user: its folder, or the folder of a finished run. */
final class ModelArgument {
  private ModelArgument() {}

  /**
   * The folder of the model itself.
   *
   * @throws DsVlmException if it holds no config.json
   */
  static Path folder(Path model) {
    Path folder = Files.isDirectory(model.resolve("export")) ? model.resolve("export") : model;
    if (!Files.isRegularFile(folder.resolve("config.json"))) {
      throw new DsVlmException(folder + ": holds no model: config.json is missing");
    }
    return folder;
  }
}
