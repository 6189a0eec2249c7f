/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.nano.FluentStyle;
import org.dsvlm.data.nano.NanoWorld;
import org.dsvlm.io.AtomicFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the nano world. */
@Command(
    name = "nano",
    description =
        "Composes scenes from the Noto emoji, with every truth about them known: LLaVA records to"
            + " train on, tests of new scenes and new concepts, and benchmark files. The same"
            + " options give the same files.",
    mixinStandardHelpOptions = true,
    footer = "%nExample: dsvlm data nano --out nano-world")
final class NanoDataCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder to write; it must not be there yet.")
  private Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of all draws. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--size",
      paramLabel = "PIXELS",
      defaultValue = "64",
      description = "Width and height of the pictures. Default: ${DEFAULT-VALUE}.")
  private int side;

  @Option(
      names = "--train",
      paramLabel = "N",
      defaultValue = "12000",
      description = "Training scenes. Default: ${DEFAULT-VALUE}.")
  private int train;

  @Option(
      names = "--test",
      paramLabel = "N",
      defaultValue = "600",
      description = "Scenes of each of the two tests. Default: ${DEFAULT-VALUE}.")
  private int test;

  @Option(
      names = "--questions",
      paramLabel = "N",
      defaultValue = "24",
      description =
          "The most benchmark questions of each type and test. Default: ${DEFAULT-VALUE}.")
  private int questions;

  @Option(
      names = "--fluent",
      description =
          "Adds a test in another style: known things as the Fluent emoji draw them, which npm"
              + " fetches; where it does not, the test is left out, and the command says so.")
  private boolean fluent;

  @Override
  public Integer call() throws IOException {
    Path fetched = Files.createTempDirectory("dsvlm-fluent");
    try {
      Optional<FluentStyle> style =
          fluent
              ? FluentStyle.fetched(fetched, spec.commandLine().getErr()::println)
              : Optional.empty();
      NanoWorld.write(
          out,
          NotoArchive.open(NotoArchive.locate()),
          style,
          new NanoWorld.Size(seed, side, train, test, questions));
    } finally {
      AtomicFiles.deleteTree(fetched);
    }
    spec.commandLine().getOut().println(out);
    return 0;
  }
}
