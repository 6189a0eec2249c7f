/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The manual pages; {@code tools/check-dist} has man show them. */
class ManPageTest {
  @TempDir private Path folder;

  private static void holds(Path folder, CommandLine command) throws IOException {
    String page = Files.readString(folder.resolve(ManPage.fileName(command)));
    assertThat(page.lines())
        .as(command.getCommandName())
        .contains(".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS")
        // A blank line is a paragraph of its own, a bare dot a macro.
        .noneMatch(String::isBlank)
        .noneMatch(line -> line.startsWith(". ") || line.startsWith("'"));
    for (OptionSpec option : command.getCommandSpec().options()) {
      for (String name : option.names()) {
        assertThat(page).contains(name.replace("-", "\\-"));
      }
    }
    for (CommandLine subcommand : command.getSubcommands().values()) {
      holds(folder, subcommand);
    }
  }

  @Test
  void everyCommandHasAPageWithItsOptions() throws IOException {
    Outcome outcome = Outcome.of("generate-man-pages", "--out=" + folder);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    holds(folder, new CommandLine(Main.class));
    try (Stream<Path> pages = Files.list(folder)) {
      assertThat(outcome.out()).startsWith(pages.count() + " pages in ");
    }
    assertThat(Files.readString(folder.resolve("dsvlm-plan.1")))
        .contains(".SH EXAMPLES", "dsvlm plan \\-\\-recipe paper \\-\\-gpus 8");
    assertThat(Files.readString(folder.resolve("dsvlm.1")))
        .contains(".SH EXIT STATUS", ".B 75", ".BR dsvlm\\-chat (1)");
  }

  /** What troff would take for a macro or an escape stays text. */
  @Test
  void textIsNoMacro() {
    @CommandLine.Command(
        name = "odd",
        description = {".SH is 100%% text, and \\fB too.", "'This' as well."})
    final class Odd {
      @CommandLine.Option(names = "-x", description = "'quoted'%n.dotted")
      private boolean x;
    }
    List<String> lines = ManPage.of(new CommandLine(new Odd())).lines().toList();
    assertThat(lines)
        .contains("\\&.SH is 100% text, and \\efB too. 'This' as well.", "\\&'quoted' .dotted");
  }
}
