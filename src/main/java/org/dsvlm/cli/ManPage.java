/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * A command's help as a page for {@code man}, in the macros of man(7). picocli's own generator
 * writes AsciiDoc, which another program would have to turn into that.
 */
final class ManPage {
  private final CommandSpec spec;
  private final Help help;
  private final StringBuilder page = new StringBuilder();

  private ManPage(CommandLine command) {
    this.spec = command.getCommandSpec();
    this.help = new Help(spec, Help.defaultColorScheme(Help.Ansi.OFF));
  }

  /** File name of the page of {@code command}: {@code dsvlm-chat.1}. */
  static String fileName(CommandLine command) {
    return command.getCommandSpec().qualifiedName("-") + ".1";
  }

  /** The page of {@code command}, subcommands by name alone: each has a page of its own. */
  static String of(CommandLine command) {
    ManPage page = new ManPage(command);
    page.header();
    page.arguments();
    page.exitStatus();
    page.footer();
    page.seeAlso();
    return page.page.toString();
  }

  private void header() {
    String name = spec.qualifiedName("-");
    String description = String.join(" ", lines(help.description()));
    page.append(".TH ").append(escaped(name.toUpperCase(Locale.ROOT)));
    page.append(" 1 \"\" dsvlm\n");
    section("NAME");
    // One line, which whatis(1) reads: the first sentence.
    int end = description.indexOf(". ");
    String first = end < 0 ? description.replaceFirst("\\.$", "") : description.substring(0, end);
    page.append(escaped(name)).append(" \\- ").append(escaped(first)).append('\n');
    section("SYNOPSIS");
    paragraph(String.join(" ", lines(help.synopsis(0))));
    section("DESCRIPTION");
    paragraph(description);
  }

  private void arguments() {
    List<PositionalParamSpec> positional =
        spec.positionalParameters().stream().filter(one -> !one.hidden()).toList();
    if (!positional.isEmpty()) {
      section("ARGUMENTS");
      positional.forEach(one -> entry(one.paramLabel(), one.description()));
    }
    List<OptionSpec> options = spec.options().stream().filter(one -> !one.hidden()).toList();
    if (!options.isEmpty()) {
      section("OPTIONS");
      for (OptionSpec option : options) {
        String label = option.arity().max() == 0 ? "" : separator(option) + option.paramLabel();
        entry(String.join(", ", option.names()) + label, described(option));
      }
    }
    List<CommandLine> commands = subcommands();
    if (!commands.isEmpty()) {
      section("COMMANDS");
      for (CommandLine command : commands) {
        entry(
            command.getCommandName(),
            new Help(command.getCommandSpec(), Help.defaultColorScheme(Help.Ansi.OFF))
                .description());
      }
    }
  }

  private String separator(ArgSpec option) {
    return option.paramLabel().isEmpty() ? "" : spec.parser().separator();
  }

  /** As the help shows it, so with the default where the command shows defaults. */
  private String[] described(OptionSpec option) {
    String[] description = option.description();
    String value = option.defaultValueString();
    boolean shown =
        spec.usageMessage().showDefaultValues() && option.arity().max() > 0 && value != null;
    return shown
        ? new String[] {String.join(" ", description), "Default: " + value + "."}
        : description;
  }

  private void exitStatus() {
    if (spec.usageMessage().exitCodeList().isEmpty()) {
      return;
    }
    section("EXIT STATUS");
    spec.usageMessage().exitCodeList().forEach((code, text) -> entry(code, text));
  }

  /** Examples and notes keep their lines. */
  private void footer() {
    List<String> lines = lines(help.footer());
    if (lines.isEmpty()) {
      return;
    }
    boolean examples = lines.get(0).startsWith("Example");
    section(examples ? "EXAMPLES" : "NOTES");
    page.append(".nf\n");
    for (String line : lines) {
      String text = line.replaceFirst("^Examples?: ?", "").strip();
      if (!text.isEmpty()) {
        page.append(escaped(text)).append('\n');
      }
    }
    page.append(".fi\n");
  }

  private void seeAlso() {
    List<String> others =
        spec.parent() == null
            ? subcommands().stream().map(one -> one.getCommandSpec().qualifiedName("-")).toList()
            : List.of(spec.parent().qualifiedName("-"));
    if (others.isEmpty()) {
      return;
    }
    section("SEE ALSO");
    page.append(
        String.join(",\n", others.stream().map(one -> ".BR " + escaped(one) + " (1)").toList()));
    page.append('\n');
  }

  private List<CommandLine> subcommands() {
    return spec.subcommands().values().stream()
        .filter(one -> !one.getCommandSpec().usageMessage().hidden())
        .toList();
  }

  private void section(String title) {
    page.append(".SH ").append(title).append('\n');
  }

  private void paragraph(String text) {
    page.append(escaped(text)).append('\n');
  }

  private void entry(String term, String... description) {
    // picocli takes these two of a format's conversions, and shows all else as it stands.
    String text = String.join("\n", description).replace("%n", "\n").replace("%%", "%");
    page.append(".TP\n.B ").append(escaped(term)).append('\n');
    paragraph(String.join(" ", lines(text)));
  }

  private static List<String> lines(String text) {
    return text.lines().map(String::stripTrailing).filter(line -> !line.isBlank()).toList();
  }

  /** Text in which the formatter finds no macro, escape or hyphen to break at. */
  private static String escaped(String text) {
    String plain = text.strip().replace("\\", "\\e").replace("-", "\\-");
    return plain.startsWith(".") || plain.startsWith("'") ? "\\&" + plain : plain;
  }
}
