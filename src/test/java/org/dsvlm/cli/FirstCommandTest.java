/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.dsvlm.data.nano.NanoArchive;
import org.dsvlm.data.nano.NanoWorld;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first command, with fewer steps. */
class FirstCommandTest {
  /** {@code stage 1: 2 steps}. */
  private static final Pattern STAGE = Pattern.compile("stage [012]: \\d+ steps");

  /** {@code stage 1 2/2, language 6.9, 20.7 samples/s, 0.66 GiB, 0:00 left}. */
  private static final Pattern STEP =
      Pattern.compile(
          "stage [012] \\d+/\\d+(, [a-z]+ \\d+\\.\\d{4})+, [\\d.]+ samples/s, [\\d.]+ GiB,"
              + " \\d+:\\d\\d left");

  /** The run's last lines before its folder: what its instruments found. */
  private static final Pattern FOUND =
      Pattern.compile(
          "condition use -?\\d+\\.\\d\\d %; the instruments took \\d+\\.\\d\\d % of the time in"
              + " stages 1 and 2|condition use stays at .+");

  /** What the held-out questions say while they are asked, and at the end. */
  private static final Pattern ASKED =
      Pattern.compile("held-out questions: .+|  [a-z ]+: \\d+\\.\\d % of \\d+ right, chance .+");

  @TempDir private Path folder;

  private static boolean isProgress(String line) {
    return STAGE.matcher(line).matches() || STEP.matcher(line).matches();
  }

  /** Libraries print to the process's own standard error, past Java: hence a process. */
  @Test
  void itPrintsProgressAndTheFolderAlone() throws IOException, InterruptedException {
    String run = folder.resolve("run").toString();
    try (ChildProcess process =
        ChildProcess.start(
            folder.resolve("log"),
            "train",
            "--recipe=nano-scratch",
            "--out=" + run,
            "--set=stage0.max_steps=2",
            "--set=stage1.max_steps=1",
            "--set=stage2.max_steps=1",
            "--set=report.sampler_steps=2")) {
      assertThat(process.exitCode()).as(process.output()).isZero();
      List<String> lines = process.output().lines().toList();
      List<String> rest = lines.stream().filter(line -> !isProgress(line)).toList();
      assertThat(lines).hasSize(3 * 2 + rest.size());
      assertThat(rest).last().isEqualTo(run);
      assertThat(rest.subList(0, rest.size() - 1))
          .isNotEmpty()
          .allMatch(line -> FOUND.matcher(line).matches());
    }
  }

  /** The README's, on a world of 40 scenes. */
  @Test
  void theMainJobPrintsItsScoresToo() throws IOException, InterruptedException {
    Path world = folder.resolve("world");
    NanoArchive.writeWorld(world, new NanoWorld.Size(1, 64, 40, 30, 2));
    String run = folder.resolve("run").toString();
    try (ChildProcess process =
        ChildProcess.start(
            folder.resolve("log"),
            "train",
            "--recipe=nano",
            "--out=" + run,
            "--set=data.stage1=" + world.resolve("train/captions.json"),
            "--set=data.stage2=" + world.resolve("train/conversations.json"),
            "--set=data.pictures=" + world.resolve("train/images"),
            "--set=data.validation=" + world.resolve("new-scenes/conversations.json"),
            "--set=data.validation_pictures=" + world.resolve("new-scenes/images"),
            "--set=evaluation.questions={mmbench: '" + world.resolve("benchmark.tsv") + "'}",
            "--set=evaluation.pictures=1",
            "--set=stage1.max_steps=1",
            "--set=stage2.max_steps=1",
            "--set=report.sampler_steps=2")) {
      assertThat(process.exitCode()).as(process.output()).isZero();
      List<String> rest = process.output().lines().filter(line -> !isProgress(line)).toList();
      assertThat(rest).last().isEqualTo(run);
      assertThat(rest).anyMatch(line -> line.startsWith("held-out questions: "));
      assertThat(rest.subList(0, rest.size() - 1))
          .allMatch(line -> FOUND.matcher(line).matches() || ASKED.matcher(line).matches());
    }
    assertThat(Path.of(run, "evaluation.json")).exists();
  }
}
