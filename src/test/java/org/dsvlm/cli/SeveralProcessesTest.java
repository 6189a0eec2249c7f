/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.dsvlm.BadInput;
import org.dsvlm.train.TinyRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs of processes of their own, started as torchrun starts them; {@link KilledRunTest} kills
 * them.
 */
class SeveralProcessesTest {
  /** The largest number that is compared with one process: {@code -Ddsvlm.processes=4}. */
  private static final int MOST = Integer.getInteger("dsvlm.processes", 2);

  private static final List<String> STEPS =
      List.of(
          "threads=1",
          "stage0.max_steps=1",
          "stage1.max_steps=10",
          "stage2.max_steps=10",
          "stage1.micro_batch_size=1",
          "stage2.micro_batch_size=1",
          "model.language.trainable=false",
          "model.language.lora.rank=2",
          "distributed.zero=2",
          "checkpoint.every_steps=1",
          "tensorboard.pictures_every_steps=0",
          "report.pictures=0");

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private String[] words(Path run, String... overrides) {
    List<String> all = new ArrayList<>(STEPS);
    all.addAll(List.of(overrides));
    return tiny.words(run, all);
  }

  /** Starts {@code size} processes that train in {@code run}. */
  private List<ChildProcess> start(int size, Path run, String... overrides) throws IOException {
    return ChildProcess.startTogether(size, folder, words(run, overrides));
  }

  private static void endWith(int code, List<ChildProcess> processes)
      throws IOException, InterruptedException {
    for (ChildProcess process : processes) {
      int found = process.exitCode();
      assertThat(found).as(process.output()).isEqualTo(code);
    }
  }

  @Test
  void makeTheStepsOfOneProcess() throws IOException, InterruptedException {
    Path one = folder.resolve("one");
    Outcome outcome = Outcome.of(words(one));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    for (int size = 2; size <= MOST; size *= 2) {
      Path several = folder.resolve("several" + size);
      endWith(0, start(size, several));
      haveTheSameLosses(several, one);
    }
  }

  private static void haveTheSameLosses(Path run, Path expected) throws IOException {
    List<ObjectNode> wanted = TinyRun.metrics(expected);
    List<ObjectNode> found = TinyRun.metrics(run);
    assertThat(wanted).hasSize(20);
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(found.get(i).get("loss").asDouble())
          .as("%s, step %d", run, i + 1)
          .isCloseTo(wanted.get(i).get("loss").asDouble(), within(1e-6));
    }
  }

  @Test
  @BadInput(
      number = 63,
      value = "SIGTERM to one process of several",
      then = "all save after the same step and end with 75")
  void aSignalToAnyStopsAllAfterTheSameStep() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    List<ChildProcess> processes =
        start(2, run, "stage1.max_steps=500", "checkpoint.every_steps=0");
    processes.get(0).awaitLines(run.resolve("metrics.jsonl"), 3);
    processes.get(1).signal("TERM");
    endWith(75, processes);
    int steps = TinyRun.metrics(run).size();
    assertThat(run.resolve("checkpoints/step-" + steps)).isDirectory();
    assertThat(processes.get(0).output()).contains("train --resume --out " + run);
  }

  @Test
  void oneThatFailsIsNamedWithItsReason() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    String[] words = words(run);
    Files.createDirectories(run);
    Files.writeString(run.resolve("recipe.yaml"), "seed: 1");
    Files.writeString(run.resolve("metrics.jsonl"), "");
    List<ChildProcess> processes = ChildProcess.startTogether(2, folder, words);
    int second = processes.get(1).exitCode();
    assertThat(processes.get(0).exitCode()).as(processes.get(0).output()).isEqualTo(1);
    assertThat(second).as(processes.get(1).output()).isEqualTo(76);
    assertThat(processes.get(1).output())
        .contains("rank 0 of 2 ", "has failed: ", "holds a run already");
  }
}
