/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.PickleFiles;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mutated files of torch.save: each is read or refused with a {@link DsVlmException}, and takes no
 * more memory than its size warrants. {@code -Ddsvlm.fuzz.runs=200000} runs longer.
 */
class PickleFuzzTest {
  private static final int RUNS = Integer.getInteger("dsvlm.fuzz.runs", 3_000) / 10;

  /** The first runs load classes, which is not the file's doing. */
  private static final int WARM_UP = 100;

  private static final long ALLOWANCE = 1 << 20;

  /** Every instruction that the machine knows, and some that it does not. */
  private static final String INSTRUCTIONS =
      "(.01NJKMGXTUBC)t]ae}suqrhjcRQbioIFSVP\u0080\u0085\u0086\u0087\u0088\u0089\u008a\u008c\u0093\u0094\u0095";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"zip.bin", "legacy.bin", "module.pth", "checkpoint.bin"})
  void mutatedFilesAreReadOrRefused(String name) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] sound = Files.readAllBytes(PickleFiles.RESOURCES.resolve(name));
    Random random = new Random(20261123);
    Path file = folder.resolve("fuzz.bin");
    int refused = 0;
    for (int run = 0; run < RUNS; run++) {
      byte[] content = mutate(random, sound);
      Files.write(file, content);
      long before = threads.getCurrentThreadAllocatedBytes();
      try (PointerScope scope = new PointerScope();
          PickledWeights weights = PickledWeights.open(file)) {
        long taken = threads.getCurrentThreadAllocatedBytes() - before;
        assertWithin(run, taken, content.length);
        for (String tensor : weights.names()) {
          assertThat(weights.read(tensor).sizes().vec().get()).isEqualTo(weights.shape(tensor));
        }
      } catch (DsVlmException e) {
        assertWithin(run, threads.getCurrentThreadAllocatedBytes() - before, content.length);
        assertThat(e).hasMessageStartingWith(file.toString());
        refused++;
      }
    }
    assertThat(refused).isBetween(RUNS / 8, RUNS - 1);
  }

  private static void assertWithin(int run, long taken, long size) {
    if (run >= WARM_UP) {
      assertThat(taken).as("bytes in run %d", run).isLessThan(ALLOWANCE + 64L * size);
    }
  }

  /** Up to four bytes changed, most of them among the first, where the instructions are. */
  private static byte[] mutate(Random random, byte[] sound) {
    byte[] content = sound.clone();
    for (int edits = random.nextInt(5); edits > 0; edits--) {
      int limit = random.nextInt(4) == 0 ? content.length : content.length / 2;
      content[random.nextInt(limit)] =
          random.nextBoolean()
              ? (byte) random.nextInt(256)
              : (byte) INSTRUCTIONS.charAt(random.nextInt(INSTRUCTIONS.length()));
    }
    return random.nextInt(10) == 0
        ? Arrays.copyOf(content, random.nextInt(content.length + 20))
        : content;
  }
}
