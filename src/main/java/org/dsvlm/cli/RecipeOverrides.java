/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.recipe.RecipeReader;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The recipe keys that a command line changes. */
final class RecipeOverrides {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe; may be given more than once.")
  private List<String> assignments = new ArrayList<>();

  boolean isEmpty() {
    return assignments.isEmpty();
  }

  /**
   * The recipe {@code name} with these changes. A recipe that does not exist and a key that does
   * not are wrong usage; a broken file is not.
   */
  ObjectNode appliedTo(String name) {
    if (!RecipeReader.exists(name)) {
      throw new ParameterException(spec.commandLine(), RecipeReader.unknown(name).getMessage());
    }
    ObjectNode tree = RecipeReader.resolve(name, List.of());
    try {
      return isEmpty() ? tree : RecipeReader.resolve(name, assignments);
    } catch (DsVlmException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
