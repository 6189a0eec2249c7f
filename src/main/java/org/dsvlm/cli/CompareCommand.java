/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.dsvlm.eval.result.Comparison;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares two evaluations. */
@Command(
    name = "compare",
    description =
        "Compares two results of eval: differences by benchmark and category with 95 %% intervals of"
            + " the paired bootstrap.",
    mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "Folder that eval --out wrote.")
  private Path first;

  @Parameters(index = "1", paramLabel = "B", description = "Folder of the other evaluation.")
  private Path second;

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(Comparison.of(first, second).text());
    spec.commandLine().getOut().flush();
    return 0;
  }
}
