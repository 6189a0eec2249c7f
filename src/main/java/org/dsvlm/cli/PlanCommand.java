/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.dsvlm.plan.Plan;
import org.dsvlm.plan.PlanReport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Says what a recipe will take. */
@Command(
    name = "plan",
    description =
        "Says what training by a recipe will take, without starting it: parameters, memory of each"
            + " device, floating-point operations, time.",
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {
  private static final String USUAL = "h100";

  @Spec private CommandSpec spec;

  @Option(
      names = "--recipe",
      required = true,
      paramLabel = "NAME|FILE",
      description = "A built-in recipe (dsvlm recipes lists them) or a YAML file.")
  private String recipe;

  @Mixin private RecipeOverrides overrides;

  @Option(
      names = "--gpu",
      paramLabel = "NAME",
      description = "What it trains on: h100 (default), h200, a100, a100-40, l40s.")
  private @Nullable String gpu;

  @Option(
      names = "--gpus",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many of them share each batch. Default: ${DEFAULT-VALUE}.")
  private int gpus;

  @Option(
      names = "--measure",
      description = "For this machine's processor, whose speed is measured in a few seconds.")
  private boolean measure;

  @Option(names = "--json", description = "Prints every figure as one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    ObjectNode tree = overrides.appliedTo(recipe);
    Plan plan = plan(tree);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(PlanReport.json(plan).toPrettyString());
    } else {
      PlanReport.print(plan, out);
    }
    return 0;
  }

  private Plan plan(ObjectNode tree) {
    if (measure) {
      if (gpu != null || gpus != 1) {
        throw wrong("--measure is about this machine; leave out --gpu and --gpus");
      }
      return Plan.forThisMachine(tree);
    }
    if (gpus < 1) {
      throw wrong("--gpus has to be above 0, not " + gpus);
    }
    if (gpu != null && !Plan.gpus().contains(gpu)) {
      throw wrong("no GPU '" + gpu + "' is known here; known are " + Plan.gpus());
    }
    return Plan.forGpus(tree, gpu == null ? USUAL : gpu, gpus);
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
