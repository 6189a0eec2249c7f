/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.cli.Main;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * The commands that the documents show: those of the command line parse, and for every one {@code
 * documented-commands.tsv} says which test or script runs it, or why none does.
 */
class DocumentedCommandsTest {
  private static final Path LIST = Path.of("src/test/resources/org/dsvlm/documented-commands.tsv");

  /** A line of code that a shell would run, after variables that are set for it. */
  private static final Pattern SHELL =
      Pattern.compile(
          "(?:[A-Z_]+=\\S* +)*((?:(?:\\S*/)?(?:tools|benchmarks|bin)/[a-z][\\w./-]*|\\.ci/run|(?:mvn"
              + "|cmake|python3?|java|docker|torchrun|git|tar|man|source|curl|pip|npm|npx|node|rm)"
              + " ).*)");

  /** Of the command line, however it is started. */
  private static final Pattern OWN =
      Pattern.compile("(?:^|.* )((?:tools|(?:[\\w.-]+/)?bin)/dsvlm .*)");

  private static final Pattern CODE = Pattern.compile("`([^`\n]+(?:\n[^`\n]+)?)`");
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|([^\\s'\"]+)");

  private static final CommandLine COMMAND_LINE = new CommandLine(Main.class);

  /** A line of the list: a command's first words, {@code run} or {@code parsed}, and by what. */
  private record Entry(String command, String how, String by) {
    boolean covers(String shown) {
      return shown.equals(command) || shown.startsWith(command + " ");
    }
  }

  static List<Path> documents() throws IOException {
    return DocumentsTest.documents();
  }

  @ParameterizedTest
  @MethodSource("documents")
  void thoseOfTheCommandLineParse(Path document) throws IOException {
    for (String shown : commands(document)) {
      Matcher own = OWN.matcher(shown);
      if (own.matches()) {
        String[] words = words(own.group(1));
        assertThatCode(() -> COMMAND_LINE.parseArgs(words))
            .as("%s: %s", document, shown)
            .doesNotThrowAnyException();
      }
    }
    for (String code :
        CODE.matcher(Files.readString(document)).results().map(m -> m.group(1)).toList()) {
      if (code.matches("(?s)(tools/)?dsvlm .*")) {
        namesExist(document, code);
      }
    }
  }

  @Test
  void eachIsRunByATestOrTheListSaysWhyNot() throws IOException {
    List<Entry> entries = entries();
    Set<Entry> unused = new LinkedHashSet<>(entries);
    Set<String> unlisted = new TreeSet<>();
    for (Path document : documents()) {
      for (String shown : commands(document)) {
        Entry longest = null;
        for (Entry entry : entries) {
          if (entry.covers(shown)
              && (longest == null || entry.command().length() > longest.command().length())) {
            longest = entry;
          }
        }
        if (longest == null) {
          unlisted.add(document + ": " + shown);
        } else {
          unused.remove(longest);
        }
      }
    }
    assertThat(unlisted).as("commands that %s does not have", LIST).isEmpty();
    assertThat(unused).as("entries of %s that no document shows", LIST).isEmpty();
  }

  /** A test or script that is said to run a command names its last word. */
  @Test
  void whatRunsThemNamesThem() throws IOException {
    for (Entry entry : entries()) {
      assertThat(entry.how()).as(entry.toString()).isIn("run", "parsed");
      assertThat(entry.by()).as(entry.toString()).isNotBlank();
      if (entry.how().equals("run")) {
        String[] words = entry.command().split(" ");
        assertThat(Files.readString(Path.of(entry.by())))
            .as(entry.toString())
            .contains(words[words.length - 1]);
      }
    }
  }

  private static List<Entry> entries() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (String line : Files.readAllLines(LIST)) {
      if (!line.startsWith("#")) {
        String[] cells = line.split("\t", -1);
        assertThat(cells).as(line).hasSize(3);
        entries.add(new Entry(cells[0], cells[1], cells[2]));
      }
    }
    return entries;
  }

  /** The lines of the document's code that a shell would run, without variables and comments. */
  private static List<String> commands(Path document) throws IOException {
    List<String> commands = new ArrayList<>();
    String text = Files.readString(document).replaceAll("\\\\\n\\s*", " ");
    boolean fenced = false;
    for (String line : text.split("\n")) {
      if (line.startsWith("```")) {
        fenced = !fenced;
      } else if (fenced || line.startsWith("    ")) {
        Matcher shell = SHELL.matcher(line.strip());
        if (shell.matches()) {
          // What follows a comment, or several spaces, explains.
          commands.add(shell.group(1).replaceFirst("(?: #| {3,}).*", "").replaceAll(" +", " "));
        }
      }
    }
    return commands;
  }

  /** A command within a sentence may leave values out, so only its names are looked up. */
  private static void namesExist(Path document, String code) {
    CommandLine command = COMMAND_LINE;
    for (String word : words(code)) {
      Map<String, CommandLine> subcommands = command.getSubcommands();
      if (word.startsWith("-")) {
        assertThat(command.getCommandSpec().findOption(word.replaceFirst("=.*", "")))
            .as("%s: option %s of `%s`", document, word, code)
            .isNotNull();
      } else if (command.getParent() == null && word.matches("[a-z][a-z-]*")) {
        assertThat(subcommands).as("%s: `%s`", document, code).containsKey(word);
        command = subcommands.get(word);
      }
    }
  }

  /** The words after the command's own name, up to a comment. */
  private static String[] words(String line) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(line);
    while (word.find() && !word.group().startsWith("#") && !word.group().equals("|")) {
      words.add(word.group(1) != null ? word.group(1) : word.group(2));
    }
    return words.subList(1, words.size()).toArray(String[]::new);
  }
}
