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
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.train.RecipeReader;
import org.dsvlm.train.RunFolder;
import org.dsvlm.train.TinyRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs in a process of their own that end before their time. The numbers are those of the project's
 * list of bad inputs.
 */
class InterruptedRunTest {
  /** How many SIGKILLs: {@code -Ddsvlm.kills=25}. */
  private static final int KILLS = Integer.getInteger("dsvlm.kills", 2);

  private static final List<String> LORA =
      List.of("model.language.trainable=false", "model.language.lora.rank=2");

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  /** The words of a command that trains in {@code run}; it resumes where it was begun already. */
  private String[] train(Path run, List<String> overrides) {
    if (Files.exists(run.resolve("recipe.yaml"))) {
      return new String[] {"train", "--resume", "--out", run.toString()};
    }
    List<String> words =
        new ArrayList<>(List.of("train", "--recipe", TinyRun.RECIPE, "--out", run.toString()));
    Stream.concat(tiny.data().stream(), overrides.stream())
        .forEach(override -> words.addAll(List.of("--set", override)));
    return words.toArray(String[]::new);
  }

  private Path inOneGo(String name, List<String> overrides) {
    Path run = folder.resolve(name);
    Outcome outcome = Outcome.of(train(run, overrides));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return run;
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void bad63_aSignalSavesACheckpointAndEndsTheRunWithItsOwnCode(String signal)
      throws IOException, InterruptedException {
    assumeTrue(
        !signal.equals("INT") || !ignoresInterrupts(),
        "this process was started with Ctrl-C ignored, as its children then are");
    List<String> overrides =
        List.of(
            "supervision.enabled=false",
            "stage1.max_steps=150",
            "stage2.max_steps=2",
            "checkpoint.every_steps=0");
    Path run = folder.resolve("run");
    Path metrics = run.resolve("metrics.jsonl");
    try (ChildProcess child = ChildProcess.start(folder.resolve("log"), train(run, overrides))) {
      child.awaitLines(metrics, 3);
      assertThatThrownBy(() -> RunFolder.resume(run, RecipeReader.read(run.resolve("recipe.yaml"))))
          .as("bad input 57: two processes on one run folder")
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("another process");
      child.signal(signal);
      assertThat(child.exitCode()).as(child.output()).isEqualTo(75);
      assertThat(child.output()).contains("train --resume --out " + run);
    }
    int steps = TinyRun.metrics(run).size();
    assertThat(steps).isBetween(3, 149);
    assertThat(run.resolve("checkpoints/step-" + steps)).isDirectory();
    assertThat(run.resolve("export")).doesNotExist();
    assertThat(run.resolve("report.html"))
        .content()
        .contains("Not finished: " + steps + " of at least 150 steps are done", "last good one");
    assertThat(Outcome.of(train(run, overrides)).code()).isZero();
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
  void bad55_aCheckpointThatCannotBeWrittenEndsTheRunInOrder()
      throws IOException, InterruptedException {
    List<String> overrides = List.of("supervision.enabled=false");
    Path straight = inOneGo("straight", overrides);
    Path run = folder.resolve("run");
    long kibibytes = Files.size(straight.resolve("checkpoints/step-6/model.safetensors")) / 1024;
    List<String> limited =
        List.of("bash", "-c", "ulimit -f " + (kibibytes + 2) + "; exec \"$@\"", "bash");
    try (ChildProcess child =
        ChildProcess.start(limited, folder.resolve("log"), train(run, overrides))) {
      assertThat(child.exitCode()).as(child.output()).isEqualTo(1);
      assertThat(child.output())
          .contains("optimizer.safetensors: cannot be written: File too large")
          .contains("Check free space")
          .doesNotContain("\tat ");
    }
    try (Stream<Path> left = Files.list(run.resolve("checkpoints"))) {
      assertThat(left).isEmpty();
    }
    assertThat(Outcome.of(train(run, overrides)).code()).isZero();
    TinyRun.assertSame(run, straight);
  }

  /**
   * Every step saves, so that many of the kills fall into a save; runs with LoRA and with a
   * language model that trains whole take turns.
   */
  @Test
  void bad54_killedAtRandomMomentsARunEndsInTheSameBits() throws IOException, InterruptedException {
    List<String> steps =
        List.of("stage1.max_steps=10", "stage2.max_steps=10", "checkpoint.every_steps=1");
    long seed = Long.getLong("dsvlm.kills.seed", System.nanoTime());
    Random random = new Random(seed);
    int killed = 0;
    for (int number = 0; killed < KILLS; number++) {
      List<String> overrides = new ArrayList<>(steps);
      overrides.addAll(number % 2 == 0 ? LORA : List.of());
      Path straight = inOneGo("straight" + number, overrides);
      long window = stepMillis(straight) * 20;
      Path run = folder.resolve("killed" + number);
      boolean again = true;
      while (again) {
        try (ChildProcess child =
            ChildProcess.start(folder.resolve("log"), train(run, overrides))) {
          if (killed < KILLS) {
            child.awaitLines(folder.resolve("log"), 1);
            again = child.killAfter(random.nextLong(window));
            killed += again ? 1 : 0;
          } else {
            again = false;
          }
          assertThat(again ? 0 : child.exitCode())
              .as("seed %d, run %d, kill %d: %s", seed, number, killed, child.output())
              .isZero();
        }
      }
      TinyRun.assertSame(run, straight);
    }
  }

  /** About how long a step and its checkpoint take. */
  private static long stepMillis(Path run) throws IOException {
    long begin = Files.getLastModifiedTime(run.resolve("recipe.yaml")).toMillis();
    long end = Files.getLastModifiedTime(run.resolve("metrics.jsonl")).toMillis();
    return Math.max(1, (end - begin) / TinyRun.metrics(run).size());
  }
}
