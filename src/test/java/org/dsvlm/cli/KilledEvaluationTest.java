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
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.dsvlm.models.llava.TinyLlava;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Evaluations of processes of their own that are killed at random moments and go on: {@code
 * -Ddsvlm.kills=N} kills so often.
 */
@ExtendWith(TensorScope.class)
class KilledEvaluationTest {
  private static final int KILLS = Integer.getInteger("dsvlm.kills", 5);
  private static final long SEED = Long.getLong("dsvlm.seed", System.nanoTime());
  private static final int ROWS = 100;
  private static final int KILLED = 128 + 9;
  private static final Path PICTURES = Path.of("src/test/resources/pictures");

  private final Random random = new Random(SEED);
  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void write() throws IOException {
    TinyLlava.export(folder.resolve("model"), TinyLlava.files());
    StringBuilder rows = new StringBuilder("index\timage\tquestion\tA\tB\tanswer\tcategory\n");
    for (int row = 0; row < ROWS; row++) {
      String image = base64(row % 2 == 0 ? "gray.png" : "alpha.png");
      rows.append(row).append('\t').append(row == 7 ? "A".repeat(80) : image);
      rows.append("\tWhich is it").append(" now".repeat(row % 5)).append("?\tone\ttwo\t");
      rows.append(row % 3 == 0 ? 'A' : 'B').append("\tsome\n");
    }
    data = Files.writeString(folder.resolve("AI2D_TEST.tsv"), rows);
  }

  private static String base64(String picture) throws IOException {
    byte[] bytes = Files.readAllBytes(PICTURES.resolve(picture));
    return new String(Base64.getEncoder().encode(bytes), StandardCharsets.US_ASCII);
  }

  private String[] words(Path out, int together) {
    return new String[] {
      "eval",
      "--model",
      folder.resolve("model").toString(),
      "--benchmark",
      "ai2d",
      "--data",
      data.toString(),
      "--max-new-tokens",
      "24",
      "--batch",
      Integer.toString(together),
      "--out",
      out.toString()
    };
  }

  private void runToItsEnd(int processes, Path out) throws IOException, InterruptedException {
    for (ChildProcess process :
        ChildProcess.startTogether(processes, folder, words(out, 1 + random.nextInt(16)))) {
      int code = process.exitCode();
      assertThat(code).as(where() + process.output()).isZero();
    }
  }

  private static String where() {
    return "seed " + SEED + ": ";
  }

  private static int lines(Path log) throws IOException {
    return Files.exists(log) ? (int) Files.readString(log).lines().count() : 0;
  }

  @Test
  void aKilledEvaluationEndsInTheSameFiles() throws IOException, InterruptedException {
    Path straight = folder.resolve("straight");
    Outcome outcome = Outcome.of(words(straight, 4));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("1 of " + ROWS + " rows could not be asked");
    Path killed = folder.resolve("killed");
    Path log = killed.resolve("answers.jsonl");
    for (int kill = 0; kill < KILLS; kill++) {
      int wanted = Math.min(ROWS - 10, lines(log) + random.nextInt(2 * ROWS / (KILLS + 4)));
      try (ChildProcess process =
          ChildProcess.start(folder.resolve("log"), words(killed, 1 + random.nextInt(5)))) {
        process.awaitLines(log, wanted);
        Thread.sleep(random.nextInt(5));
        process.signal("KILL");
        int code = process.exitCode();
        assertThat(code).as(where() + process.output()).isEqualTo(KILLED);
      }
    }
    assertThat(lines(log)).as(where()).isBetween(2, ROWS);
    runToItsEnd(1, killed);
    assertSame(killed, straight);
  }

  /** They share the rows, and what one of them leaves when it is killed is kept. */
  @Test
  void severalProcessesEndInTheSameFiles() throws IOException, InterruptedException {
    Path straight = folder.resolve("straight");
    assertThat(Outcome.of(words(straight, 16)).code()).isZero();
    Path shared = folder.resolve("shared");
    List<ChildProcess> processes = ChildProcess.startTogether(2, folder, words(shared, 4));
    processes.get(1).awaitLines(shared.resolve("answers-1.jsonl"), 12);
    for (ChildProcess process : processes) {
      process.signal("KILL");
    }
    for (ChildProcess process : processes) {
      int code = process.exitCode();
      assertThat(code).as(where() + process.output()).isEqualTo(KILLED);
    }
    runToItsEnd(2, shared);
    assertSame(shared, straight);
    Path whole = folder.resolve("whole");
    runToItsEnd(2, whole);
    assertSame(whole, straight);
  }

  private static void assertSame(Path actual, Path expected) throws IOException {
    assertThat(names(actual)).as(where()).isEqualTo(names(expected)).contains("answers.jsonl");
    for (String name : names(expected)) {
      if (name.equals("errors.html")) {
        continue; // says when it was written
      }
      assertThat(actual.resolve(name))
          .as(where() + name)
          .hasSameBinaryContentAs(expected.resolve(name));
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
