/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import org.dsvlm.tensor.RandomState;

/**
 * Records shuffled anew in every epoch.
 *
 * <p>The shuffle is a Feistel network over the next power of four, walked until it lands on a
 * record (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002): no list of indices is
 * held.
 */
final class ShuffledOrder implements SampleOrder {
  /** Enough for orders to pass tests of uniformity on small sources too. */
  private static final int ROUNDS = 8;

  private final RandomState random;
  private final long size;
  private final int halfBits;

  /**
   * An order of {@code size} records.
   *
   * @param seed the run's; equal seeds give equal orders
   */
  ShuffledOrder(long seed, long size) {
    if (size < 1) {
      throw new IllegalArgumentException("an order needs at least one record, not " + size);
    }
    this.random = new RandomState(seed).fork("sample order");
    this.size = size;
    int bits = Long.SIZE - Long.numberOfLeadingZeros(size - 1);
    this.halfBits = Math.max(1, (bits + 1) / 2);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long epoch(long position) {
    return position / size;
  }

  @Override
  public long index(long position) {
    RandomState epoch = random.fork(epoch(position));
    long value = position % size;
    do {
      value = permute(epoch, value);
    } while (value >= size);
    return value;
  }

  private long permute(RandomState epoch, long value) {
    long mask = (1L << halfBits) - 1;
    long left = value >>> halfBits;
    long right = value & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long mixed = epoch.fork(round).fork(right).seed() & mask;
      long next = left ^ mixed;
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}
