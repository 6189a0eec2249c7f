/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.dsvlm.train.pretrain.Pretraining;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Trains a part of a small DS-VLM, or checks one that is there. */
@Command(
    name = "pretrain",
    description =
        "Trains a part of the nano models on the nano world, or goes on with it after a stop;"
            + " prints the part's folder when it is done.",
    mixinStandardHelpOptions = true)
final class PretrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "PART",
      completionCandidates = Parts.class,
      description = "The part: ${COMPLETION-CANDIDATES}.")
  private String part;

  @Option(
      names = "--recipe",
      paramLabel = "NAME|FILE",
      defaultValue = "nano",
      description = "Sizes and hyperparameters: nano, or a YAML file. Default: ${DEFAULT-VALUE}.")
  private String recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Overrides a key of the recipe, such as vae.steps; may be given more than once.")
  private List<String> assignments = new ArrayList<>();

  @Option(
      names = "--data",
      required = true,
      paramLabel = "WORLD",
      description = "The folder that 'dsvlm data nano' wrote.")
  private Path data;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "The folder of all parts. Other parts are read from it, and PART.run beside them holds"
              + " checkpoints and metrics of a part that is not done.")
  private Path out;

  @Option(
      names = "--check",
      description =
          "Trains nothing: measures the part in --out again and compares with its part.json.")
  private boolean check;

  @Override
  public Integer call() {
    if (!Pretraining.names().contains(part)) {
      throw new ParameterException(
          spec.commandLine(), "no part '" + part + "'; there are " + Pretraining.names());
    }
    Pretraining pretraining = new Pretraining(part, recipe, assignments, data, out);
    return check ? check(pretraining) : train(pretraining);
  }

  private int train(Pretraining pretraining) {
    PrintWriter err = spec.commandLine().getErr();
    try (StopSignal signal = new StopSignal()) {
      TrainingProgress progress =
          new TrainingProgress(Terminal.standardErrorIsTerminal(), err, stage -> part);
      if (!pretraining.run(progress, signal::requested)) {
        err.println("stopped; the same command goes on");
        return StopSignal.EXIT_CODE;
      }
    }
    spec.commandLine().getOut().println(pretraining.folder());
    return 0;
  }

  private int check(Pretraining pretraining) {
    PrintWriter out = spec.commandLine().getOut();
    boolean agree = true;
    for (Map.Entry<String, Pretraining.Checked> figure : pretraining.check().entrySet()) {
      Pretraining.Checked checked = figure.getValue();
      agree &= checked.agrees();
      out.printf(
          Locale.ROOT,
          "%-48s stated %10.4f  found %10.4f  %s%n",
          figure.getKey(),
          checked.stated(),
          checked.found(),
          checked.agrees() ? "agrees" : "DIFFERS");
    }
    return agree ? 0 : 1;
  }

  /** What PART may name. */
  static final class Parts implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Pretraining.names().iterator();
    }
  }
}
