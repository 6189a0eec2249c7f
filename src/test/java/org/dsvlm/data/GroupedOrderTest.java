/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupedOrderTest {
  private static final int BATCH = 8;
  private static final int MICRO = 2;

  /** Records of the given numbers of words; below zero without a picture. */
  private static MemorySource source(int... words) {
    List<LlavaRecord> records = new ArrayList<>();
    for (int count : words) {
      String text = "w ".repeat(Math.abs(count) - 1);
      records.add(
          new LlavaRecord(
              "r",
              count > 0 ? List.of("p") : List.of(),
              List.of(Turn.human(text), Turn.assistant("w"))));
    }
    return new MemorySource(records);
  }

  private static MemorySource random(int pictured, int text) {
    Random random = new Random(pictured);
    return source(
        IntStream.range(0, pictured + text)
            .map(i -> (1 + random.nextInt(60)) * (i % (pictured + text) < pictured ? 1 : -1))
            .toArray());
  }

  private static int[] step(SampleOrder order, long step) {
    return LongStream.range(step * BATCH, (step + 1) * BATCH)
        .mapToInt(position -> (int) order.index(position))
        .toArray();
  }

  @ParameterizedTest
  @CsvSource({"40, 24", "41, 30", "13, 0", "0, 16", "3, 2", "1, 1", "64, 1"})
  void everyEpochHoldsEveryRecordOnce(int pictured, int text) {
    MemorySource source = random(pictured, text);
    SampleOrder order = SampleOrder.grouped(5, source, BATCH, MICRO);
    for (long epoch = 0; epoch < 4; epoch++) {
      long first = epoch * source.size();
      assertThat(LongStream.range(first, first + source.size()).map(order::index))
          .containsExactlyInAnyOrder(
              LongStream.range(0, source.size()).boxed().toArray(Long[]::new));
      assertThat(order.epoch(first)).isEqualTo(epoch);
    }
  }

  /** All but what is left of either kind at an epoch's end, and what the next epoch adds to it. */
  @Test
  void aStepIsOfOneKind() {
    MemorySource source = random(45, 30);
    SampleOrder order = SampleOrder.grouped(5, source, BATCH, MICRO);
    // 5 steps of pictures and 3 of text are full; 5 and 6 records are left.
    for (long step = 0; step < 8; step++) {
      assertThat(IntStream.of(step(order, step)).mapToObj(source::pictured).distinct()).hasSize(1);
    }
    assertThat(IntStream.of(step(order, 8)).mapToObj(source::pictured).distinct()).hasSize(2);
    // 75 records end 3 after the ninth step; the next epoch fills up 5 and has 8 full steps again.
    for (long step = 10; step < 17; step++) {
      assertThat(IntStream.of(step(order, step)).mapToObj(source::pictured).distinct()).hasSize(1);
    }
  }

  @Test
  void theKindsTakeTurnsAtRandomAndAnewInEachEpoch() {
    MemorySource source = random(64, 64);
    SampleOrder order = SampleOrder.grouped(5, source, BATCH, MICRO);
    List<List<Boolean>> epochs = new ArrayList<>();
    for (long epoch = 0; epoch < 2; epoch++) {
      long first = epoch * 16;
      epochs.add(
          LongStream.range(first, first + 14)
              .mapToObj(s -> source.pictured(step(order, s)[0]))
              .toList());
    }
    assertThat(epochs.get(0)).isNotEqualTo(epochs.get(1)).contains(true, false);
    assertThat(step(order, 0)).isEqualTo(step(SampleOrder.grouped(5, source, BATCH, MICRO), 0));
    assertThat(step(order, 0)).isNotEqualTo(step(SampleOrder.grouped(6, source, BATCH, MICRO), 0));
  }

  /** As LLaVA's split_to_even_chunks shares 9 8 7 6 5 4 3 2 out to four. */
  @Test
  void microBatchesAreOfLikeLength() {
    MemorySource source = source(2, 3, 4, 5, 6, 7, 8, 9);
    SampleOrder order = SampleOrder.grouped(5, source, BATCH, MICRO);
    assertThat(IntStream.of(step(order, 0)).map(source::words))
        .containsExactly(9, 2, 8, 3, 7, 4, 6, 5);
  }

  @Test
  void aStepThatMicroBatchesDoNotDivideIsSharedOutAllTheSame() {
    SampleOrder order = SampleOrder.grouped(5, source(2, 3, 4, 5, 6, 7, 8, 9), BATCH, 3);
    assertThat(IntStream.of(step(order, 0)).map(i -> i + 2))
        .containsExactly(9, 4, 3, 8, 5, 2, 7, 6);
  }

  @Test
  void manyThreadsSeeOneOrder() {
    MemorySource source = random(50, 27);
    SampleOrder shared = SampleOrder.grouped(5, source, BATCH, MICRO);
    SampleOrder alone = SampleOrder.grouped(5, source, BATCH, MICRO);
    List<Long> expected = LongStream.range(0, 400).mapToObj(alone::index).toList();
    assertThat(LongStream.range(0, 400).parallel().mapToObj(shared::index).toList())
        .isEqualTo(expected);
  }
}
