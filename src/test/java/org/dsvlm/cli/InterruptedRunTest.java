/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.TinyRun;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs in a process of their own that are stopped or fail; {@link KilledRunTest} kills them. */
class InterruptedRunTest {
  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private Path inOneGo(String name, List<String> overrides) {
    Path run = folder.resolve(name);
    Outcome outcome = Outcome.of(tiny.words(run, overrides));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return run;
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  @BadInput(
      number = {57, 63},
      value = "SIGTERM or Ctrl-C; a second process on the run folder",
      then = "a checkpoint is saved, the exit code is 75; the second process is refused")
  void aSignalSavesACheckpointAndEndsTheRunWithItsOwnCode(String signal)
      throws IOException, InterruptedException {
    assumeTrue(
        !signal.equals("INT") || !ignoresInterrupts(),
        "this process was started with Ctrl-C ignored, as its children then are");
    // With supervision a report has pictures of its own, made when the JVM shuts down.
    List<String> overrides =
        List.of(
            "supervision.enabled=" + signal.equals("TERM"),
            "instruments.enabled=false",
            "tensorboard.pictures_every_steps=0",
            "stage1.max_steps=60",
            "stage2.max_steps=2",
            "checkpoint.every_steps=0");
    Path run = folder.resolve("run");
    Path metrics = run.resolve("metrics.jsonl");
    try (ChildProcess child =
        ChildProcess.start(folder.resolve("log"), tiny.words(run, overrides))) {
      child.awaitLines(metrics, 3);
      assertThatThrownBy(() -> RunFolder.resume(run, RecipeReader.read(run.resolve("recipe.yaml"))))
          .as("two processes on one run folder")
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("another process");
      child.signal(signal);
      assertThat(child.exitCode()).as(child.output()).isEqualTo(75);
      assertThat(child.output())
          .contains("train --resume --out " + run)
          .doesNotContain("no report");
    }
    int steps = TinyRun.metrics(run).size();
    assertThat(steps).isBetween(3, 59);
    assertThat(run.resolve("checkpoints/step-" + steps)).isDirectory();
    assertThat(run.resolve("export")).doesNotExist();
    assertThat(run.resolve("report.html"))
        .content()
        .contains("Not finished: " + steps + " of at least 60 steps are done", "last good one");
    assertThat(Outcome.of(tiny.words(run, overrides)).code()).isZero();
    TinyRun.assertSame(run, inOneGo("straight", overrides));
  }

  private static boolean ignoresInterrupts() throws IOException {
    String ignored =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElseThrow()
            .replace("SigIgn:", "")
            .strip();
    return (Long.parseUnsignedLong(ignored, 16) >> 1 & 1) == 1;
  }

  /** A limit on the length of files stands in for a full disk. */
  @Test
  @BadInput(
      number = 55,
      value = "a full disk (a limit on file length stands in for it)",
      then =
          "exit code 1, an error that names the file, nothing half-written, and the run can be resumed")
  void aCheckpointThatCannotBeWrittenEndsTheRunInOrder() throws IOException, InterruptedException {
    List<String> overrides = List.of("supervision.enabled=false");
    Path straight = inOneGo("straight", overrides);
    Path run = folder.resolve("run");
    long kibibytes = Files.size(straight.resolve("checkpoints/step-6/model.safetensors")) / 1024;
    List<String> limited =
        List.of("bash", "-c", "ulimit -f " + (kibibytes + 2) + "; exec \"$@\"", "bash");
    try (ChildProcess child =
        ChildProcess.start(limited, folder.resolve("log"), tiny.words(run, overrides))) {
      assertThat(child.exitCode()).as(child.output()).isEqualTo(1);
      assertThat(child.output())
          .contains("optimizer.safetensors: cannot be written: File too large")
          .contains("Check free space")
          .doesNotContain("\tat ");
    }
    try (Stream<Path> left = Files.list(run.resolve("checkpoints"))) {
      assertThat(left).isEmpty();
    }
    assertThat(Outcome.of(tiny.words(run, overrides)).code()).isZero();
    TinyRun.assertSame(run, straight);
  }
}
