/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import org.dsvlm.data.SampleOrder;
import org.dsvlm.tensor.RandomState;

/** Which records each step sees: every record once in each pass, in an order of its own. */
final class Batches {
  private final SampleOrder order;
  private final int size;

  Batches(RandomState random, long records, int size) {
    this.order = SampleOrder.shuffled(random.fork("order").seed(), records);
    this.size = size;
  }

  /** The records of {@code step}. */
  long[] rows(long step) {
    long[] rows = new long[size];
    for (int i = 0; i < size; i++) {
      rows[i] = order.index(step * size + i);
    }
    return rows;
  }

  int size() {
    return size;
  }
}
