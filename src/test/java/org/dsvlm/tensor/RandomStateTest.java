/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RandomStateTest {
  private static final RandomState STATE = new RandomState(17).fork("layer");

  private final PointerScope scope = new PointerScope();
  private final Device cpu = new Device("cpu");

  @AfterEach
  void free() {
    scope.close();
  }

  private long[] kept(RandomState state, double dropped, long rows, long columns) {
    Tensor kept = state.dropoutMask(dropped, cpu, rows, columns);
    assertThat(Torch.shape(kept)).containsExactly(rows, columns);
    return Torch.longs(kept);
  }

  /** Java's own SplitMix64, whose sequence begins at what its seed is. */
  @Test
  void dropoutIsDecidedBySplitMix64() {
    double dropped = 0.3;
    long[] kept = kept(STATE, dropped, 5, 7);
    SplittableRandom sequence = new SplittableRandom(new SplittableRandom(STATE.seed()).nextLong());
    for (int i = 0; i < kept.length; i++) {
      double place = sequence.nextLong() * 0x1p-64 + 0.5;
      assertThat(kept[i]).as("element %d", i).isEqualTo(place >= dropped ? 1 : 0);
    }
  }

  @Test
  void theShareIsKept() {
    for (double dropped : new double[] {0, 0.05, 0.5, 0.9}) {
      double share =
          Torch.item(STATE.dropoutMask(dropped, cpu, 1000, 100).to(ScalarType.Double).mean());
      assertThat(share).isCloseTo(1 - dropped, within(0.005));
    }
    assertThat(kept(STATE, 0, 100, 100)).doesNotContain(0);
  }

  @Test
  void furtherRowsChangeNoneBefore() {
    assertThat(kept(STATE, 0.5, 30, 8)).startsWith(kept(STATE, 0.5, 20, 8));
    assertThat(kept(STATE.fork(1), 0.5, 20, 8)).isNotEqualTo(kept(STATE, 0.5, 20, 8));
  }
}
