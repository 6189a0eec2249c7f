/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.dsvlm.io.AtomicFiles;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the manual pages that a distribution holds. */
@Command(
    name = "generate-man-pages",
    description = "Writes a manual page for every command, to be read with man.",
    mixinStandardHelpOptions = true)
final class ManPagesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder that they go to.")
  private Path out;

  @Override
  public Integer call() {
    int count = write(spec.root().commandLine());
    spec.commandLine().getOut().println(count + " pages in " + out);
    return 0;
  }

  private int write(CommandLine command) {
    if (command.getCommandSpec().usageMessage().hidden()) {
      return 0;
    }
    AtomicFiles.text(out.resolve(ManPage.fileName(command)), ManPage.of(command));
    int count = 1;
    for (CommandLine subcommand : command.getSubcommands().values()) {
      count += write(subcommand);
    }
    return count;
  }
}
