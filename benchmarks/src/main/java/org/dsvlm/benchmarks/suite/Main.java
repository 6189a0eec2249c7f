/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Threads;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command behind {@code benchmarks/run}. */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    description = "Measures this project beside PyTorch and prints one table.",
    footer = {
      "",
      "The Python of the environment variable PYTHON (python3) runs PyTorch's side; without PyTorch",
      "our side runs alone. OMP_NUM_THREADS sets the threads of both (all processors)."
    },
    exitCodeListHeading = "%nExit code:%n",
    exitCodeList = {
      "0:done",
      "1:a case of ours failed, results differ, or a ratio fell past the threshold",
      "2:something given cannot be used"
    })
final class Main implements Callable<Integer> {
  @Option(names = "--quick", description = "The most important cases, in less than ten minutes.")
  private boolean quick;

  @Option(names = "--only", paramLabel = "OP", description = "Only this op; may be repeated.")
  private List<String> only = List.of();

  @Option(
      names = "--shapes",
      paramLabel = "FILE",
      description = "Compare the shapes of this JSON list.")
  private Path shapes;

  @Option(names = "--rounds", paramLabel = "N", description = "How often the sides take turns.")
  private Integer rounds;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the rows there.")
  private Path json;

  @Option(
      names = "--page",
      description = "Write a dated page and its JSON into benchmarks/results.")
  private boolean page;

  @Spec private CommandSpec spec;

  private final Path root = Path.of(System.getProperty("dsvlm.benchmarks.root", "."));
  private final Map<String, String> environment;

  Main(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Runs the command line and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  static CommandLine commandLine(Map<String, String> environment) {
    CommandLine line = new CommandLine(new Main(environment));
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          if (e instanceof UsageException || e instanceof DsVlmException) {
            command.getErr().println("benchmarks/run: " + e.getMessage());
            return CommandLine.ExitCode.USAGE;
          }
          throw e;
        });
    return line;
  }

  /** Compares two runs. */
  @Command(
      name = "compare",
      mixinStandardHelpOptions = true,
      description = "Compares the ratios of two files of --json; exits 1 if one fell too far.")
  int compare(
      @Parameters(paramLabel = "OLD.json") Path before,
      @Parameters(paramLabel = "NEW.json") Path after,
      @Option(
              names = "--threshold",
              defaultValue = "0.1",
              description = "Largest fall of a ratio, relative (${DEFAULT-VALUE}).")
          double threshold) {
    if (!(threshold >= 0 && threshold < 1)) {
      throw new UsageException("--threshold has to be from 0 to below 1, not " + threshold);
    }
    Regression result = Regression.of(Rows.read(before), Rows.read(after), threshold);
    var out = spec.commandLine().getOut();
    result.compared().forEach(out::println);
    result.left().forEach(line -> out.println("not compared: " + line));
    out.println(
        result.worse().isEmpty()
            ? result.compared().size() + " cases, none worse"
            : "worse by more than " + threshold + ": " + String.join("; ", result.worse()));
    return result.worse().isEmpty() ? 0 : 1;
  }

  @Override
  public Integer call() throws IOException {
    List<Case> cases = cases();
    Path work = root.resolve("target/benchmarks");
    Path models = work.resolve("models").toAbsolutePath();
    Files.createDirectories(work);
    delete(models);
    int threads = Threads.choice().count();
    Path log = work.resolve("peers.log");
    Files.writeString(log, "");
    PrintStream progress = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    Map<String, String> facts = Facts.before(root, commandTyped(), threads);
    Effort effort = rounds == null ? Effort.of(quick) : Effort.of(quick).withRounds(rounds);
    try (Ours ours = new Ours(models, work.resolve("ours.log"));
        Peer peer = peer(models, threads, log, progress)) {
      Comparison comparison = new Comparison(ours, peer, effort, progress);
      List<Rows.Row> rows = comparison.run(cases);
      facts.put("ours", Facts.ours(ours.kernels()));
      facts.put("PyTorch", peer == null ? "not run" : String.join(", ", peer.versions()));
      facts.putAll(comparison.floor().facts());
      report(new Rows(facts, rows));
      return comparison.failed() ? 1 : 0;
    }
  }

  private List<Case> cases() {
    if (rounds != null && rounds < 1) {
      throw new UsageException("--rounds has to be 1 or more, not " + rounds);
    }
    List<Operation> wanted = only.stream().map(op -> Operation.named(op, "--only")).toList();
    List<Case> all = shapes == null ? Case.standard(quick) : ShapesFile.read(shapes);
    List<Case> chosen =
        all.stream().filter(c -> wanted.isEmpty() || wanted.contains(c.operation())).toList();
    if (chosen.isEmpty()) {
      throw new UsageException("nothing is left to measure: no case is of " + only);
    }
    return chosen;
  }

  private Peer peer(Path models, int threads, Path log, PrintStream progress) {
    String python = environment.getOrDefault("PYTHON", "python3");
    String missing = Peer.missing(python);
    if (!missing.isEmpty()) {
      progress.println(
          "no PyTorch in " + python + " (" + missing + "), our side runs alone; set PYTHON");
      return null;
    }
    return new Peer(python, root.resolve("benchmarks/peers"), models, threads, log);
  }

  private void report(Rows rows) {
    var out = spec.commandLine().getOut();
    rows.facts().forEach((name, value) -> out.println(name + ": " + value));
    out.println();
    out.println(Table.of(rows.rows()));
    if (json != null) {
      rows.write(json);
    }
    if (page) {
      Path results = root.resolve("benchmarks/results");
      String date = Facts.today();
      rows.write(results.resolve(date + ".json"));
      AtomicFiles.text(results.resolve(date + ".md"), Page.of(rows, date));
    }
  }

  private String commandTyped() {
    String arguments = String.join(" ", spec.commandLine().getParseResult().originalArgs());
    return ("benchmarks/run " + arguments).strip();
  }

  /** Models of an earlier run may be those of another recipe. */
  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> tree = Files.walk(folder)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
