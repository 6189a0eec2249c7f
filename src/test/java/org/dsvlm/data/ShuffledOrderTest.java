/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ShuffledOrderTest {
  @Test
  void everyEpochHoldsEveryRecordOnce() {
    for (long size : new long[] {1, 2, 3, 4, 5, 16, 17, 1000, 1715}) {
      SampleOrder order = SampleOrder.shuffled(7, size);
      for (long epoch = 0; epoch < 3; epoch++) {
        assertThat(epoch(order, epoch))
            .as("size %d, epoch %d", size, epoch)
            .containsExactlyInAnyOrder(LongStream.range(0, size).toArray());
        assertThat(order.epoch(epoch * size)).isEqualTo(epoch);
      }
    }
  }

  @Test
  void seedAndEpochEachChangeTheOrder() {
    SampleOrder order = SampleOrder.shuffled(1, 1000);
    assertThat(epoch(order, 0)).isEqualTo(epoch(SampleOrder.shuffled(1, 1000), 0));
    assertThat(epoch(order, 0)).isNotEqualTo(epoch(order, 1));
    assertThat(epoch(order, 0)).isNotEqualTo(epoch(SampleOrder.shuffled(2, 1000), 0));
    assertThat(epoch(order, 0)).isNotEqualTo(LongStream.range(0, 1000).toArray());
  }

  /** Record 0 comes first in one epoch of ten, and so does every other, and neighbours part. */
  @Test
  void ordersAreUniform() {
    int size = 10;
    int epochs = 20_000;
    int[] firsts = new int[size];
    int neighbours = 0;
    SampleOrder order = SampleOrder.shuffled(3, size);
    for (long epoch = 0; epoch < epochs; epoch++) {
      firsts[(int) order.index(epoch * size)]++;
      neighbours += order.index(epoch * size) + 1 == order.index(epoch * size + 1) ? 1 : 0;
    }
    // Five standard deviations of a count of 2000 with probability 1/10 each.
    assertThat(Arrays.stream(firsts).boxed())
        .allSatisfy(count -> assertThat(count).isCloseTo(epochs / size, within(212)));
    // Nine of ninety ordered pairs are neighbours.
    assertThat(neighbours).isCloseTo(epochs / 10, within(212));
  }

  @Test
  void aHugeSourceNeedsNoList() {
    SampleOrder order = SampleOrder.shuffled(5, 1L << 40);
    assertThat(order.index(12345)).isBetween(0L, (1L << 40) - 1).isEqualTo(order.index(12345));
    assertThatThrownBy(() -> SampleOrder.shuffled(5, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static long[] epoch(SampleOrder order, long epoch) {
    long first = epoch * order.size();
    return LongStream.range(first, first + order.size()).map(order::index).toArray();
  }
}
