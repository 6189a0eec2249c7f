/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** An example or two for the help of every command. */
final class Examples {
  private static final Map<String, List<String>> OF_COMMANDS =
      Map.ofEntries(
          Map.entry(
              "train",
              List.of(
                  "dsvlm train --recipe nano-scratch --out RUN",
                  "dsvlm train --recipe nano-scratch --out RUN --resume")),
          Map.entry(
              "recipes",
              List.of("dsvlm recipes", "dsvlm recipes nano-scratch --set stage1.max_steps=5")),
          Map.entry("plan", List.of("dsvlm plan --recipe paper --gpus 8")),
          Map.entry(
              "chat",
              List.of(
                  "dsvlm chat --model RUN --image cat.jpg --prompt \"What is this?\"",
                  "dsvlm chat --model RUN   (asks line by line)")),
          Map.entry(
              "serve",
              List.of(
                  "dsvlm serve --model nano",
                  "dsvlm serve --model RUN --port 9000 --queue 64 --max-tokens 512",
                  "dsvlm serve --model RUN --host 0.0.0.0   (with DSVLM_API_KEY set)")),
          Map.entry("init", List.of("dsvlm init --arch llava-1.5-7b --random --out DIR")),
          Map.entry("probe", List.of("dsvlm probe --model DIR --max-new-tokens 8")),
          Map.entry(
              "eval",
              List.of("dsvlm eval --benchmark MMStar --data MMStar.tsv --model RUN --out DIR")),
          Map.entry("compare", List.of("dsvlm compare DIR OTHER")),
          Map.entry(
              "reconstruct",
              List.of("dsvlm reconstruct --model RUN --image cat.jpg --out strip.png")),
          Map.entry("report", List.of("dsvlm report --run RUN")),
          Map.entry("export", List.of("dsvlm export --model RUN --out DIR")),
          Map.entry("inspect", List.of("dsvlm inspect RUN/export --json")),
          Map.entry("data", List.of("dsvlm data nano --out nano-world")),
          Map.entry(
              "pretrain",
              List.of("dsvlm pretrain vae --recipe nano --data nano-world --out nano-parts")),
          Map.entry("nano-questions", List.of("dsvlm nano-questions --out questions.tsv")),
          Map.entry("lab", List.of("dsvlm lab table1 --seeds 2 --out DIR")),
          Map.entry("doctor", List.of("dsvlm doctor --json")),
          Map.entry("generate-man-pages", List.of("dsvlm generate-man-pages --out man1")));

  private Examples() {}

  /** Puts them below the help of the commands of {@code commandLine}. */
  static void addTo(CommandLine commandLine) {
    commandLine
        .getSubcommands()
        .forEach(
            (name, command) -> {
              List<String> examples = OF_COMMANDS.getOrDefault(name, List.of());
              String[] footer = new String[examples.isEmpty() ? 0 : examples.size() + 2];
              if (footer.length > 0) {
                footer[0] = "";
                footer[1] = examples.size() == 1 ? "Example:" : "Examples:";
                for (int i = 0; i < examples.size(); i++) {
                  footer[i + 2] = "  " + examples.get(i);
                }
                command.getCommandSpec().usageMessage().footer(footer);
              }
            });
  }
}
