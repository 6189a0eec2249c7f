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
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.distributed.Together;
import org.dsvlm.train.TinyRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of processes of their own, started as torchrun starts them. */
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
          "distributed.shard_optimizer=true",
          "checkpoint.every_steps=1",
          "tensorboard.pictures_every_steps=0",
          "report.pictures=0");

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private String[] train(Path run, String... overrides) {
    if (Files.exists(run.resolve("recipe.yaml"))) {
      return new String[] {"train", "--resume", "--out", run.toString()};
    }
    List<String> words =
        new ArrayList<>(List.of("train", "--recipe", TinyRun.RECIPE, "--out", run.toString()));
    Stream.of(tiny.data(), STEPS, List.of(overrides))
        .flatMap(List::stream)
        .forEach(override -> words.addAll(List.of("--set", override)));
    return words.toArray(String[]::new);
  }

  /** Starts {@code size} processes that train in {@code run}. */
  private List<ChildProcess> start(int size, Path run, String... overrides) throws IOException {
    return start(size, train(run, overrides));
  }

  private List<ChildProcess> start(int size, String... words) throws IOException {
    int port = Together.freePort();
    List<ChildProcess> processes = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      List<String> environment =
          List.of(
              "env",
              "RANK=" + rank,
              "WORLD_SIZE=" + size,
              "LOCAL_RANK=" + rank,
              "LOCAL_WORLD_SIZE=" + size,
              "MASTER_ADDR=127.0.0.1",
              "MASTER_PORT=" + port);
      processes.add(ChildProcess.start(environment, folder.resolve("log" + rank), words));
    }
    return processes;
  }

  private static void endWith(int code, List<ChildProcess> processes)
      throws IOException, InterruptedException {
    for (ChildProcess process : processes) {
      int found = process.exitCode();
      assertThat(found).as(process.output()).isEqualTo(code);
    }
  }

  /** In one process, then 2, 4 …; of the pair one is killed, which the other names. */
  @Test
  void makeTheStepsOfOneProcessAndResumeBitwiseWhenOneIsKilled()
      throws IOException, InterruptedException {
    Path one = folder.resolve("one");
    Outcome outcome = Outcome.of(train(one));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    for (int size = 2; size <= MOST; size *= 2) {
      Path several = folder.resolve("several" + size);
      endWith(0, start(size, several));
      haveTheSameLosses(several, one);
    }
    Path killed = folder.resolve("killed");
    for (int victim = 1; victim >= (MOST > 2 ? 0 : 1); victim--) {
      killOneOfTwo(victim, killed, victim == 1 ? 5 : 13);
    }
    endWith(0, start(2, killed));
    Path straight = folder.resolve("several2");
    assertThat(TinyRun.metrics(killed)).isEqualTo(TinyRun.metrics(straight));
    Map<String, byte[]> results = TinyRun.results(killed);
    TinyRun.results(straight)
        .forEach((file, bytes) -> assertThat(results.get(file)).as(file).isEqualTo(bytes));
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

  /** Kills the rank {@code victim} after {@code steps}; the other one ends, and says who it was. */
  private void killOneOfTwo(int victim, Path run, int steps)
      throws IOException, InterruptedException {
    List<ChildProcess> processes = start(2, run);
    processes.get(0).awaitLines(run.resolve("metrics.jsonl"), steps);
    processes.get(victim).signal("KILL");
    ChildProcess other = processes.get(1 - victim);
    int code = other.exitCode();
    assertThat(code).as(other.output()).isEqualTo(76);
    assertThat(other.output())
        .contains("rank " + victim + " of 2 ")
        .contains("has died")
        .doesNotContain("\tat ");
  }

  @Test
  void bad63_aSignalToAnyStopsAllAfterTheSameStep() throws IOException, InterruptedException {
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
    String[] words = train(run);
    Files.createDirectories(run);
    Files.writeString(run.resolve("recipe.yaml"), "seed: 1");
    List<ChildProcess> processes = start(2, words);
    int second = processes.get(1).exitCode();
    assertThat(processes.get(0).exitCode()).as(processes.get(0).output()).isEqualTo(1);
    assertThat(second).as(processes.get(1).output()).isEqualTo(76);
    assertThat(processes.get(1).output())
        .contains("rank 0 of 2 ", "has failed: ", "holds a run already");
  }
}
