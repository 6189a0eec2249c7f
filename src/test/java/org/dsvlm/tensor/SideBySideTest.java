/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SideBySideTest {
  private Threads.Held held;

  @BeforeEach
  void twoThreads() {
    held = Threads.hold(2);
  }

  @AfterEach
  void restore() {
    held.close();
  }

  @Test
  void resultsStandInOrderAndAreTheCallersAlone() {
    Tensor first;
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> results =
          SideBySide.map(5, i -> 1, i -> Torch.of(new float[] {i, 10 * i}, 2).mul(Torch.scalar(2)));
      assertThat(results.stream().map(Torch::doubles))
          .containsExactlyElementsOf(
              IntStream.range(0, 5).mapToObj(i -> new double[] {2 * i, 20 * i}).toList());
      first = results.get(0);
    }
    assertThat(first.isNull()).isTrue();
  }

  @Test
  void smallTasksHaveOneThreadEachAndLargeOnesAll() {
    Map<Integer, Integer> threads = new ConcurrentHashMap<>();
    try (PointerScope scope = new PointerScope()) {
      SideBySide.map(
          5,
          i -> i == 2 ? 1L << 40 : 1000,
          i -> {
            threads.put(i, torch.get_num_threads());
            return Torch.of(new float[] {i}, 1);
          });
    }
    assertThat(threads).isEqualTo(Map.of(0, 1, 1, 1, 2, 2, 3, 1, 4, 1));
    assertThat(torch.get_num_threads()).isEqualTo(2);
    assertThat(ofNewThread()).isEqualTo(2);
  }

  private static int ofNewThread() {
    int[] count = new int[1];
    Thread thread = new Thread(() -> count[0] = torch.get_num_threads());
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return count[0];
  }

  @Test
  void aFailureIsThrownWhenAllAreDone() {
    Map<Integer, Boolean> done = new ConcurrentHashMap<>();
    assertThatThrownBy(
            () ->
                SideBySide.map(
                    4,
                    i -> 1,
                    i -> {
                      done.put(i, true);
                      if (i == 1) {
                        throw new DsVlmException("the second fails");
                      }
                      return Torch.of(new float[] {i}, 1);
                    }))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("the second fails");
    assertThat(done).hasSize(4);
  }
}
