/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.NotoQuestionFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the questions about the pictures that nano-scratch holds out. */
@Command(
    name = "nano-questions",
    description =
        "Writes questions about the pictures that nano-scratch does not train on, as a TSV file for"
            + " eval --benchmark exact.",
    mixinStandardHelpOptions = true)
final class NanoQuestionsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The TSV file to write, such as nano.tsv.")
  private Path out;

  @Override
  public Integer call() {
    int count = NotoQuestionFile.write(out, NotoArchive.open(NotoArchive.locate()));
    spec.commandLine().getOut().println(out + ": " + count + " questions");
    return 0;
  }
}
