/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.dsvlm.distributed.Launch;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.run.RunEvaluation;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.report.RunReport;
import org.dsvlm.train.RunCheck;
import org.dsvlm.train.TrainingRun;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains by a recipe. */
@Command(
    name = "train",
    description = "Trains a model by a recipe; prints the run's folder when it is done.",
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  @Spec private CommandSpec spec;

  @Option(
      names = "--recipe",
      paramLabel = "NAME|FILE",
      description = "A built-in recipe (dsvlm recipes lists them) or a YAML file.")
  private @Nullable String recipe;

  @Option(
      names = "--out",
      paramLabel = "RUN",
      description = "The run's folder; default: runs/<recipe>-<time>.")
  private @Nullable Path out;

  @Mixin private RecipeOverrides overrides;

  @Option(
      names = "--resume",
      description = "Goes on with the run in --out from its latest checkpoint.")
  private boolean resume;

  @Option(
      names = "--check",
      description =
          "Opens every configuration, header, index, tokenizer and file of records that the recipe"
              + " names, and some records with their pictures; lists all that is missing, and"
              + " starts nothing. Exits with 1 if anything is missing. For example: train --check"
              + " --recipe ds-vlm-vicuna-7b-clip")
  private boolean check;

  @Override
  public Integer call() {
    if (resume && out == null) {
      throw new ParameterException(spec.commandLine(), "--resume needs --out, the run's folder");
    }
    if (recipe == null && !resume) {
      throw new ParameterException(
          spec.commandLine(), "--recipe is missing; dsvlm recipes lists them, nano-scratch is one");
    }
    ObjectNode tree = overrides.appliedTo(Objects.requireNonNullElseGet(recipe, this::recipeOfRun));
    if (check) {
      return check(tree);
    }
    return ProcessGroupCommand.run(
        Launch.of(System.getenv()),
        spec.commandLine().getErr(),
        "--resume goes on with the run",
        group -> train(group, tree));
  }

  private int check(ObjectNode tree) {
    List<RunCheck.Finding> findings = RunCheck.of(RecipeReader.bind(tree));
    PrintWriter results = spec.commandLine().getOut();
    findings.forEach(
        finding ->
            results.printf(
                Locale.ROOT,
                "%-7s %s: %s%n",
                finding.sound() ? "ok" : "MISSING",
                finding.key(),
                finding.text()));
    long faults = findings.stream().filter(finding -> !finding.sound()).count();
    results.println(
        faults == 0 ? "nothing is missing" : faults + " of " + findings.size() + " are missing");
    return faults == 0 ? 0 : 1;
  }

  private int train(ProcessGroup group, ObjectNode tree) {
    Path folder =
        FilePath.of("--out", group.onFirst(() -> (out == null ? defaultFolder() : out).toString()));
    PrintWriter err = spec.commandLine().getErr();
    Recipe bound = RecipeReader.bind(ProcessGroupCommand.onOwnDevice(tree, group.launch()));
    group.firstBeforeOthers(
        () -> {
          NanoWorldOnDemand.require(tree, err);
          return "";
        });
    RunEvaluation.check(bound);
    TrainingRun.check(bound, group.size());
    group.connect(bound.device());
    try (StopSignal signal = new StopSignal();
        RunFolder run = group.firstBeforeOthers(() -> open(group, folder, tree))) {
      TrainingProgress progress = new TrainingProgress(Terminal.standardErrorIsTerminal(), err);
      boolean done;
      try {
        done = TrainingRun.run(group, bound, run, progress, signal::requested);
        if (done) {
          evaluate(group, bound, run);
        }
      } finally {
        if (group.isFirst()) {
          report(folder);
        }
      }
      if (!done) {
        if (group.isFirst()) {
          err.println("stopped; go on with: train --resume --out " + folder);
        }
        return StopSignal.EXIT_CODE;
      }
    }
    if (group.isFirst()) {
      RunReport.lastWords(folder).forEach(err::println);
      spec.commandLine().getOut().println(folder);
    }
    return 0;
  }

  private void evaluate(ProcessGroup group, Recipe recipe, RunFolder run) {
    PrintWriter err = spec.commandLine().getErr();
    boolean bar = group.isFirst() && Terminal.standardErrorIsTerminal();
    try (AnsweringProgress progress = new AnsweringProgress(bar, err, "held-out questions")) {
      RunEvaluation.run(group, recipe, run, progress).lines().forEach(err::println);
    }
  }

  /**
   * Writes the page also for a run that was stopped or has failed. No run fails because of the
   * page.
   */
  private void report(Path folder) {
    try {
      RunReport.write(folder);
    } catch (RuntimeException e) {
      spec.commandLine().getErr().println("no report is written: " + e.getMessage());
    }
  }

  private RunFolder open(ProcessGroup group, Path folder, ObjectNode tree) {
    if (!group.isFirst()) {
      return RunFolder.join(folder, tree);
    }
    return resume ? RunFolder.resume(folder, tree) : RunFolder.create(folder, tree);
  }

  private @Nullable String recipeOfRun() {
    Path file = Objects.requireNonNull(out).resolve("recipe.yaml");
    if (!Files.isRegularFile(file)) {
      throw new DsVlmException(out + ": holds no run to resume: recipe.yaml is missing");
    }
    return file.toString();
  }

  private Path defaultFolder() {
    String name =
        FilePath.of("--recipe", Objects.requireNonNull(recipe))
            .getFileName()
            .toString()
            .replaceFirst("\\.ya?ml$", "");
    return Path.of("runs", name + "-" + LocalDateTime.now().format(TIME));
  }
}
