/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.train.TinyRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs of one process and of several that are killed at random moments and gone on with, against
 * the same runs in one go. Every run is killed in stage 1 and in stage 2; by turns at a random
 * moment and in the middle of a save, and by turns all of its processes and one.
 */
class KilledRunTest {
  /** How many times, for each number of processes: {@code -Ddsvlm.kills=25}; 0 for a few. */
  private static final int KILLS = Integer.getInteger("dsvlm.kills", 0);

  /** The largest number of processes: {@code -Ddsvlm.processes=4}. */
  private static final int MOST = Integer.getInteger("dsvlm.processes", 2);

  private static final long SEED = Long.getLong("dsvlm.kills.seed", System.nanoTime());

  private static final int KILLED = 128 + 9;
  private static final int STAGES = 2;
  private static final int STAGE_STEPS = 6;
  private static final String LAST_CHECKPOINT = "step-12";

  /** Each step saves, and has micro batches for four processes, or some for each of fewer. */
  private static final List<String> STEPS =
      List.of(
          "stage0.max_steps=1",
          "stage1.max_steps=" + STAGE_STEPS,
          "stage2.max_steps=" + STAGE_STEPS,
          "stage1.micro_batch_size=1",
          "stage2.micro_batch_size=1",
          "checkpoint.every_steps=1",
          "tensorboard.pictures_every_steps=0",
          "report.pictures=0");

  /** The settings that runs train with, in turn. */
  private static final List<List<String>> KINDS =
      List.of(
          List.of(
              "model.language.trainable=false",
              "model.language.lora.rank=2",
              "model.language.lora.dropout=0.1",
              "distributed.zero=2"),
          List.of("distributed.zero=0"),
          List.of("precision=bfloat16", "distributed.zero=1"));

  @TempDir private Path folder;
  private TinyRun tiny;
  private final Random random = new Random(SEED);
  private final Map<List<String>, Path> inOneGo = new HashMap<>();
  private int killed;
  private long slowestEnd;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  static IntStream processes() {
    return IntStream.of(1, 2, MOST).distinct();
  }

  private List<ChildProcess> start(int size, Path run, List<String> overrides) throws IOException {
    List<String> all = new ArrayList<>(STEPS);
    all.addAll(overrides);
    return ChildProcess.startTogether(size, folder, tiny.words(run, all));
  }

  private Path finish(int size, Path run, List<String> kind)
      throws IOException, InterruptedException {
    for (ChildProcess process : start(size, run, kind)) {
      assertThat(process.exitCode()).as(process.output()).isZero();
    }
    return run;
  }

  @ParameterizedTest(name = "{0} processes")
  @MethodSource("processes")
  @BadInput(
      number = 54,
      value = "SIGKILL at any moment, also within a save",
      then = "the resumed run ends in the bits of a run that was never stopped")
  void killedAtRandomMomentsARunEndsInTheSameBits(int size)
      throws IOException, InterruptedException {
    // Several processes take long to start.
    int kills = KILLS > 0 ? KILLS : size > 1 ? 1 : 2;
    int withinSaves = 0;
    for (int number = 0; killed < kills; number++) {
      List<String> kind = KINDS.get(number % KINDS.size());
      if (!inOneGo.containsKey(kind)) {
        inOneGo.put(kind, finish(size, folder.resolve("straight" + inOneGo.size()), kind));
      }
      Path straight = inOneGo.get(kind);
      Path run = folder.resolve("killed" + number);
      for (int stage = 1; stage <= STAGES && killed < kills; stage++) {
        boolean withinSave = (number + stage) % 2 == 1;
        boolean all = size == 1 || (number / 2 + stage) % 2 == 0;
        List<ChildProcess> processes = start(size, run, kind);
        await(processes.get(0), run, stage, withinSave, stepMillis(straight));
        boolean saving = isSaving(run);
        if (all) {
          killAll(processes, run);
        } else {
          // The first one writes: any other's death would not end the save.
          killOne(processes, withinSave ? 0 : random.nextInt(size), run);
        }
        withinSaves += saving && isSaving(run) ? 1 : 0;
      }
      finish(size, run, kind);
      haveTheSameBits(run, straight);
    }
    System.out.printf(
        "%d processes, dsvlm.kills.seed %d: killed %d times, %d of these within a save; after the"
            + " death of one the others ended within %d ms%n",
        size, SEED, killed, withinSaves, slowestEnd);
    assertThat(withinSaves).as("seed %d: kills within a save", SEED).isPositive();
  }

  /** Lets the processes come to the moment at which to kill, or to their end. */
  private void await(ChildProcess first, Path run, int stage, boolean withinSave, long stepMillis)
      throws IOException, InterruptedException {
    int steps = random.nextInt(STAGE_STEPS);
    if (stage == 1 && steps == 0) {
      // While it starts, or in stage 0.
      first.awaitLines(first.log(), 1);
    } else {
      first.awaitLines(run.resolve("metrics.jsonl"), (stage - 1) * STAGE_STEPS + steps);
    }
    if (!withinSave) {
      first.endsWithin(random.nextLong(2 * stepMillis));
      return;
    }
    while (!first.endsWithin(1)) {
      if (isSaving(run)) {
        // It may be over by the time the process stands still.
        first.signal("STOP");
        if (isSaving(run)) {
          return;
        }
        first.signal("CONT");
      }
    }
  }

  private static boolean isSaving(Path run) throws IOException {
    Path checkpoints = run.resolve("checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return false;
    }
    try (Stream<Path> children = Files.list(checkpoints)) {
      return children.anyMatch(child -> child.getFileName().toString().startsWith(".step-"));
    }
  }

  private void killAll(List<ChildProcess> processes, Path run)
      throws IOException, InterruptedException {
    for (ChildProcess process : processes) {
      process.signal("KILL");
    }
    for (ChildProcess process : processes) {
      endsWith(KILLED, process, run);
    }
    count(run);
  }

  /** The others end then, and say which one it was. */
  private void killOne(List<ChildProcess> processes, int victim, Path run)
      throws IOException, InterruptedException {
    processes.get(victim).signal("KILL");
    long begin = System.nanoTime();
    for (int rank = 0; rank < processes.size(); rank++) {
      ChildProcess process = processes.get(rank);
      endsWith(rank == victim ? KILLED : ProcessGroupCommand.LOST_EXIT_CODE, process, run);
      if (rank != victim && !isOver(run)) {
        assertThat(process.output())
            .as(where())
            .contains("rank " + victim + " of " + processes.size() + " ", "has died")
            .doesNotContain("\tat ");
      }
    }
    slowestEnd = Math.max(slowestEnd, (System.nanoTime() - begin) / 1_000_000);
    count(run);
  }

  /** Whether a kill came so late that processes may have ended of their own. */
  private static boolean isOver(Path run) {
    return Files.exists(run.resolve("export"));
  }

  private void endsWith(int code, ChildProcess process, Path run)
      throws IOException, InterruptedException {
    int found = process.exitCode();
    if (!isOver(run)) {
      assertThat(found).as(where() + process.output()).isEqualTo(code);
    }
  }

  private void count(Path run) {
    killed += isOver(run) ? 0 : 1;
  }

  private String where() {
    return String.format("seed %d, kill %d: ", SEED, killed);
  }

  private void haveTheSameBits(Path run, Path straight) throws IOException {
    TinyRun.assertSame(run, straight);
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      String saved = "checkpoints/" + LAST_CHECKPOINT + "/" + file;
      assertThat(run.resolve(saved)).as(where()).hasSameBinaryContentAs(straight.resolve(saved));
    }
    try (Stream<Path> left = Files.list(run.resolve("checkpoints"))) {
      assertThat(left.map(path -> path.getFileName().toString())).containsOnly(LAST_CHECKPOINT);
    }
  }

  /** About how long a step and its checkpoint take. */
  private static long stepMillis(Path run) throws IOException {
    long begin = Files.getLastModifiedTime(run.resolve("recipe.yaml")).toMillis();
    long end = Files.getLastModifiedTime(run.resolve("metrics.jsonl")).toMillis();
    return Math.max(1, (end - begin) / TinyRun.metrics(run).size());
  }
}
