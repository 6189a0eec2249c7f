/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.train.RecipeReader;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The recipe that a command is given. */
final class RecipeArgument {
  private RecipeArgument() {}

  /**
   * The recipe {@code name} with {@code overrides}. A recipe that does not exist and a key that
   * does not are wrong usage; a broken file is not.
   */
  static ObjectNode resolve(CommandSpec spec, String name, List<String> overrides) {
    if (!RecipeReader.exists(name)) {
      throw new ParameterException(spec.commandLine(), RecipeReader.unknown(name).getMessage());
    }
    ObjectNode tree = RecipeReader.resolve(name, List.of());
    try {
      return overrides.isEmpty() ? tree : RecipeReader.resolve(name, overrides);
    } catch (DsVlmException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
