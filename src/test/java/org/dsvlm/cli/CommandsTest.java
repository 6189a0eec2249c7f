/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.dsvlm.BadInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What holds for every command. */
class CommandsTest {
  @TempDir Path folder;

  @Test
  @BadInput(
      number = 91,
      value = "wrong usage of a command",
      then = "one line that names the fault and where to read more; exit code 2")
  void wrongUsageIsOneLine() {
    for (String[] wrong :
        new String[][] {{"chat"}, {"chat", "--nothing"}, {"plan", "--gpus=x"}, {"nothing"}}) {
      Outcome outcome = Outcome.of(wrong);
      assertThat(outcome.code()).as(String.join(" ", wrong)).isEqualTo(2);
      assertThat(outcome.err().lines()).hasSizeLessThanOrEqualTo(2);
      assertThat(outcome.err().lines().findFirst().orElseThrow())
          .startsWith("dsvlm")
          .endsWith("--help");
    }
  }

  @Test
  void aFileHoldsOneArgumentALine() throws IOException {
    Path named = folder.resolve("a folder with 'spaces'");
    Path file = Files.writeString(folder.resolve("arguments"), "inspect\n" + named + "\n");
    Outcome outcome = Outcome.of("@" + file);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).startsWith("dsvlm: " + named + ":");
  }

  /** Each example is one that the command takes. */
  @Test
  void everyCommandHasExamplesThatParse() {
    CommandLine main = new CommandLine(Main.class);
    Examples.addTo(main);
    for (Map.Entry<String, CommandLine> command : main.getSubcommands().entrySet()) {
      if (command.getKey().equals("generate-completion")) {
        continue;
      }
      String[] footer = command.getValue().getCommandSpec().usageMessage().footer();
      assertThat(footer).as(command.getKey()).hasSizeGreaterThan(2);
      for (String line : Arrays.copyOfRange(footer, 2, footer.length)) {
        String[] words =
            line.strip()
                .replaceAll(" {3}\\(.*", "")
                .replace("\"What is this?\"", "What?")
                .split(" ");
        assertThat(words[0]).isEqualTo("dsvlm");
        assertThat(words[1]).isEqualTo(command.getKey());
        CommandLine fresh = new CommandLine(Main.class);
        fresh.parseArgs(Arrays.copyOfRange(words, 1, words.length));
      }
    }
  }

  @Test
  void theWidthIsThatOfTheTerminal() {
    assertThat(Terminal.columns(null)).isEqualTo(80);
    assertThat(Terminal.columns("120")).isEqualTo(120);
    assertThat(Terminal.columns("60")).isEqualTo(60);
    assertThat(Terminal.columns("10")).isEqualTo(55);
    assertThat(Terminal.columns("wide")).isEqualTo(80);
  }

  @Test
  void aStripIsAPng() {
    Outcome outcome = Outcome.of("reconstruct", "--model=x", "--image=y", "--out=strip.jpg");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("--out is 'strip.jpg', but a PNG is written; name it .png");
  }

  @Test
  void whatIsListedIsJsonToo() {
    assertThat(Outcome.of("recipes", "--json").out()).startsWith("[").contains("\"nano-scratch\"");
    assertThat(Outcome.of("recipes", "nano-scratch", "--json").out()).startsWith("{");
    assertThat(Outcome.of("doctor", "--json").out()).startsWith("{").contains("\"LibTorch\"");
  }

  @Test
  @BadInput(
      number = 90,
      value = "control characters in the name of a tensor",
      then = "inspect shows them as \\x1b or '?'")
  void inspectCleansNames() throws IOException {
    String header =
        "{\"a\\u001b]0;x\\u0007\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    byte[] bytes = new byte[8 + header.length() + 4];
    bytes[0] = (byte) header.length();
    System.arraycopy(header.getBytes(StandardCharsets.US_ASCII), 0, bytes, 8, header.length());
    Path file = Files.write(folder.resolve("esc.safetensors"), bytes);
    Outcome outcome = Outcome.of("inspect", file.toString());
    assertThat(outcome.out() + outcome.err()).isNotBlank().doesNotContain("\u001b", "\u0007");
  }

  /** Written by an editor that is not set to UTF-8. */
  @Test
  @BadInput(
      number = 66,
      value = "a file of arguments, or questions on standard input, that is not UTF-8",
      then = "an error that says so; nothing is asked with other characters")
  void argumentsOfAFileThatCannotBeReadAreRefused() throws IOException {
    Path file = folder.resolve("arguments");
    Files.write(file, "recipes\n--set\nname=gr\u00fcn\n".getBytes(StandardCharsets.ISO_8859_1));
    Outcome outcome = Outcome.of("@" + file);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .startsWith("dsvlm: the argument 'name=gr\uFFFDn' of a file has characters")
        .hasLineCount(1);
  }

  @Test
  void aSheetOfNoSizeIsRefusedBeforeAnythingIsRead() {
    for (String side : new String[] {"0", "-5", "2000000000"}) {
      Outcome outcome =
          Outcome.of(
              "reconstruct",
              "--model",
              "none",
              "--image",
              "none",
              "--out",
              "x.png",
              "--side",
              side);
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.err())
          .isEqualToIgnoringNewLines(
              "dsvlm: a picture of a sheet is 1 to 4096 pixels wide, not " + side);
    }
  }

  @Test
  void pathsThatAreNoneAreNamed() {
    for (String path : new String[] {"", " ", "a\0b"}) {
      Outcome outcome = Outcome.of("inspect", path);
      assertThat(outcome.code()).isEqualTo(2);
      assertThat(outcome.err())
          .startsWith("dsvlm inspect: Invalid value for positional parameter at index 0 (DIR|FILE)")
          .contains(path.isBlank() ? "it is empty, and names no" : "which is no path")
          .doesNotContain("java.nio")
          .hasLineCount(1);
    }
    Outcome outcome = Outcome.of("@" + folder.resolve("none"));
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err().strip())
        .isEqualTo("dsvlm: there is no file of arguments " + folder.resolve("none"));
  }
}
