/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.NativeObjects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PrefetcherTest {
  private final AtomicInteger open = new AtomicInteger();

  private final class Item implements AutoCloseable {
    private final long position;

    private Item(long position) {
      this.position = position;
      open.incrementAndGet();
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }

  @Test
  void itemsArriveInOrderWhoeverIsFaster() {
    List<Long> arrived = new ArrayList<>();
    try (Prefetcher<Item> prefetcher =
        new Prefetcher<>(
            position -> {
              if (position % 3 == 0) {
                pause();
              }
              return new Item(position);
            },
            5,
            50,
            4,
            8)) {
      while (prefetcher.hasNext()) {
        try (Item item = prefetcher.next()) {
          arrived.add(item.position);
        }
      }
      assertThatThrownBy(prefetcher::next).isInstanceOf(IllegalStateException.class);
    }
    assertThat(arrived).hasSize(45).first().isEqualTo(5L);
    assertThat(arrived).isSorted().doesNotHaveDuplicates();
    assertThat(open).hasValue(0);
  }

  @Test
  void noMoreThanTheDepthIsMadeAhead() throws InterruptedException {
    AtomicInteger made = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(3);
    try (Prefetcher<Item> prefetcher =
        new Prefetcher<>(
            position -> {
              made.incrementAndGet();
              full.countDown();
              return new Item(position);
            },
            0,
            1000,
            2,
            3)) {
      full.await();
      pause();
      assertThat(made).hasValue(3);
      prefetcher.next().close();
    }
    assertThat(made.get()).isLessThanOrEqualTo(4);
    assertThat(open).as("items that nobody took are closed").hasValue(0);
  }

  @Test
  void whatIsUnderWayAtTheEndIsClosedToo() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(2);
    CountDownLatch closing = new CountDownLatch(1);
    AtomicInteger made = new AtomicInteger();
    Prefetcher<Item> prefetcher =
        new Prefetcher<>(
            position -> {
              begun.countDown();
              await(closing);
              made.incrementAndGet();
              return new Item(position);
            },
            0,
            1000,
            2,
            8);
    begun.await();
    Thread release =
        new Thread(
            () -> {
              pause();
              closing.countDown();
            });
    release.start();
    prefetcher.close();
    release.join();
    assertThat(made).as("items that were being made").hasValue(2);
    assertThat(open).hasValue(0);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatTheMakerThrowsReachesTheConsumer() {
    DsVlmException failure = new DsVlmException("record 3 is bad");
    try (Prefetcher<Item> prefetcher =
        new Prefetcher<>(
            position -> {
              if (position == 1) {
                throw failure;
              }
              if (position == 2) {
                throw new IllegalStateException("boom");
              }
              return new Item(position);
            },
            0,
            4,
            2,
            4)) {
      prefetcher.next().close();
      assertThatThrownBy(prefetcher::next).isSameAs(failure);
      assertThatThrownBy(prefetcher::next)
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("boom")
          .hasCauseInstanceOf(IllegalStateException.class);
    }
    assertThat(open).hasValue(0);
  }

  private record Kept(Tensor tensor) implements AutoCloseable {
    @Override
    public void close() {
      tensor.close();
    }
  }

  @Test
  void tensorsAreHandedOverAndFreed() {
    Torch.load();
    long before = NativeObjects.settledCount();
    try (Prefetcher<Kept> prefetcher =
        new Prefetcher<>(
            position -> new Kept(Torch.keep(Torch.of(new float[] {position, 2 * position}, 2))),
            0,
            200,
            2,
            3)) {
      for (long position = 0; position < 100; position++) {
        try (PointerScope scope = new PointerScope();
            Kept kept = prefetcher.next()) {
          assertThat(Torch.floats(kept.tensor())).containsExactly(position, 2 * position);
        }
      }
    }
    assertThat(Pointer.totalCount()).as("native objects alive").isLessThanOrEqualTo(before);
  }

  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @Closes(Prefetcher.class)
  void aClosedOneSaysSo() {
    Prefetcher<Item> prefetcher = new Prefetcher<>(Item::new, 0, 9, 2, 4);
    prefetcher.next().close();
    Closed.saysSo(prefetcher, prefetcher::next);
    assertThat(open).hasValue(0);
  }
}
