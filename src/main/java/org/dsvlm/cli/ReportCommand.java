/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.dsvlm.report.RunReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the page about a run. */
@Command(
    name = "report",
    description =
        "Writes RUN/report.html: curves, pictures, router weights, records, configuration. Also of a"
            + " run that was interrupted or is under way.",
    mixinStandardHelpOptions = true)
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--run", required = true, paramLabel = "RUN", description = "The run's folder.")
  private Path run;

  @Override
  public Integer call() {
    spec.commandLine().getOut().println(RunReport.write(run));
    return 0;
  }
}
