/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

/**
 * The order in which a run sees its records, a function of the position alone. So a resumed run
 * goes on where it stopped without replaying what came before, and each process of a parallel run
 * finds its share by itself, whatever their number. Every epoch holds every record once. Safe for
 * use by several threads.
 */
public interface SampleOrder {
  /** How many records an epoch has. */
  long size();

  /** The record at {@code position}, counted from 0 over all epochs. */
  long index(long position);

  /** The epoch, from 0, that {@code position} belongs to. */
  default long epoch(long position) {
    return position / size();
  }

  /**
   * {@code size} records shuffled anew in every epoch.
   *
   * @param seed the run's; equal seeds give equal orders
   */
  static SampleOrder shuffled(long seed, long size) {
    return new ShuffledOrder(seed, size);
  }

  /**
   * The records of {@code source} shuffled so that those of a step are of one kind and of like
   * length (see {@link GroupedOrder}).
   *
   * @param batchSize records of a step
   * @param microBatchSize records of a step that go through the model together
   */
  static SampleOrder grouped(long seed, RecordSource source, int batchSize, int microBatchSize) {
    return new GroupedOrder(seed, source, batchSize, microBatchSize);
  }
}
