/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.dsvlm.train.recipe.RecipeReader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists the recipes, or shows one. */
@Command(
    name = "recipes",
    description = "Lists the built-in recipes, or shows all keys of one as train would use them.",
    mixinStandardHelpOptions = true)
final class RecipesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME|FILE",
      description = "A built-in recipe or a YAML file to show.")
  private @Nullable String recipe;

  @Option(names = "--json", description = "Prints the names, or the recipe, as JSON.")
  private boolean json;

  @Mixin private RecipeOverrides overrides;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (recipe != null) {
      ObjectNode tree = overrides.appliedTo(recipe);
      RecipeReader.bind(tree);
      out.print(json ? tree.toPrettyString() + "\n" : RecipeReader.yaml(tree));
    } else if (!overrides.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--set needs the name of a recipe");
    } else if (json) {
      ArrayNode names = JsonNodeFactory.instance.arrayNode();
      RecipeReader.names().forEach(names::add);
      out.println(names.toPrettyString());
    } else {
      RecipeReader.names().forEach(out::println);
    }
    out.flush();
    return 0;
  }
}
