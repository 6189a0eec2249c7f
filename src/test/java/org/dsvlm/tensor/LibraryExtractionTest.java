/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch_gloo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** JVMs that start together where nothing is extracted yet. */
class LibraryExtractionTest {
  private static final int TOGETHER = 3;

  @Test
  void processesThatStartTogetherDoNotMeet(@TempDir Path cache)
      throws IOException, InterruptedException {
    List<String> options = List.of("-Dorg.bytedeco.javacpp.cachedir=" + cache);
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < TOGETHER; i++) {
      processes.add(SmallProgram.start(options, Program.class));
    }
    for (Process process : processes) {
      assertThat(SmallProgram.output(process)).containsExactly("sum 6.0");
    }
    // One mark for each of what was loaded; with it, no later process waits for another.
    assertThat(marks(cache)).hasSize(2);
    Path whole = cache.resolve(marks(cache).get(0));
    assertThat(SmallProgram.output(SmallProgram.start(options, Program.class)))
        .containsExactly("sum 6.0");
    assertThat(whole).exists();
  }

  private static List<String> marks(Path cache) throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(".dsvlm-whole-"))
          .toList();
    }
  }

  /** Loads LibTorch and Gloo, and computes. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      System.out.println("sum " + Torch.item(Torch.of(new float[] {1, 2, 3}, 3).sum()));
      LibraryExtraction.load(torch_gloo.class);
      System.out.flush();
    }
  }
}
