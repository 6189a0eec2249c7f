/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.lab.Laboratory;
import org.dsvlm.tensor.Threads;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs the paper's comparisons at nano scale. */
@Command(
    name = "lab",
    description =
        "Runs the comparisons of the paper's tables at nano scale, arm by arm under paired seeds,"
            + " and writes a page about each. What is there already is not run again.",
    mixinStandardHelpOptions = true)
final class LabCommand implements Callable<Integer> {
  private static final String ALL = "all";

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME",
      completionCandidates = ComparisonNames.class,
      description = "${COMPLETION-CANDIDATES}, or a YAML file of a comparison of your own.")
  private List<String> names;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seeds of each arm, 1 to N. Default: as many as the comparison says.")
  private long seeds;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      defaultValue = "1",
      description = "Arms that run at a time, each in a process of its own. Default: 1.")
  private int jobs;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "lab",
      description = "Folder of results and pages. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of every arm's recipe; may be given more than once.")
  private List<String> overrides = new ArrayList<>();

  @Option(names = "--pages", description = "Writes the pages from what is there; runs nothing.")
  private boolean pagesOnly;

  @Option(names = "--no-pages", description = "Runs the arms and writes no page.")
  private boolean noPages;

  @Override
  public Integer call() {
    if (jobs < 1 || seeds < 0) {
      throw new ParameterException(
          spec.commandLine(), "--jobs has to be 1 or more, and --seeds 0 or more");
    }
    List<String> wanted = names.equals(List.of(ALL)) ? Laboratory.names() : names;
    PrintWriter err = spec.commandLine().getErr();
    try (StopSignal signal = new StopSignal()) {
      Laboratory laboratory =
          new Laboratory(
              out,
              overrides,
              seeds,
              recipe -> NanoWorldOnDemand.require(recipe, err),
              err::println,
              signal::requested);
      boolean done = pagesOnly || run(laboratory, wanted);
      if (!noPages) {
        laboratory
            .write(wanted, command())
            .forEach(page -> spec.commandLine().getOut().println(page));
      }
      if (!done) {
        err.println("stopped; the same command goes on");
        return StopSignal.EXIT_CODE;
      }
    }
    return 0;
  }

  private boolean run(Laboratory laboratory, List<String> wanted) {
    List<String> together = wanted.stream().filter(name -> !Laboratory.runsAlone(name)).toList();
    List<String> alone = wanted.stream().filter(Laboratory::runsAlone).toList();
    return runTogether(laboratory, together) && laboratory.run(alone);
  }

  private boolean runTogether(Laboratory laboratory, List<String> wanted) {
    List<Process> others = new ArrayList<>();
    Threads.Choice all = Threads.wanted();
    Threads.Choice share = all.sharedBy(jobs);
    Threads.use(share);
    try {
      for (int i = 1; i < jobs; i++) {
        others.add(start(wanted, share.count()));
      }
      boolean done = laboratory.run(wanted);
      if (!ended(others, done) && done) {
        throw new DsVlmException("another process of this laboratory failed; its message is above");
      }
      return done;
    } finally {
      Threads.use(all);
      others.forEach(Process::destroy);
    }
  }

  /** Another process of this command, which takes the arms that no other one runs. */
  private Process start(List<String> wanted, int threads) {
    List<String> words = new ArrayList<>();
    words.add(
        FilePath.of("java.home", System.getProperty("java.home"))
            .resolve("bin")
            .resolve("java")
            .toString());
    words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    words.add("lab");
    words.addAll(wanted);
    words.addAll(List.of("--no-pages", "--seeds", Long.toString(seeds), "--out", out.toString()));
    overrides.forEach(override -> words.addAll(List.of("--set", override)));
    ProcessBuilder builder = new ProcessBuilder(words).inheritIO();
    builder.environment().put(Threads.VARIABLE, Integer.toString(threads));
    try {
      return builder.start();
    } catch (IOException e) {
      throw new DsVlmException("another process cannot be started: " + e.getMessage(), e);
    }
  }

  /** Waits for the others; whether they came to their end. */
  private static boolean ended(List<Process> others, boolean done) {
    if (!done) {
      others.forEach(Process::destroy);
    }
    boolean all = true;
    for (Process other : others) {
      try {
        all &= other.waitFor() == 0;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return all;
  }

  /** The command as a page names it, the comparison's name to follow. */
  private String command() {
    StringBuilder text = new StringBuilder("tools/dsvlm lab");
    if (seeds > 0) {
      text.append(" --seeds ").append(seeds);
    }
    overrides.forEach(override -> text.append(" --set ").append(override));
    return text.append(" --out ").append(out).toString();
  }

  /** The names that it takes, for its help. */
  static final class ComparisonNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(Laboratory.names().stream(), Stream.of(ALL)).iterator();
    }
  }
}
