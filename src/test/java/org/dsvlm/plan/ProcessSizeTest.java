/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import static org.assertj.core.api.Assertions.assertThat;

import org.dsvlm.tensor.MemoryFigures;
import org.junit.jupiter.api.Test;

class ProcessSizeTest {
  @Test
  void theWholeHeapCountsAsUsed() {
    double heap = Runtime.getRuntime().totalMemory();
    assertThat(ProcessSize.filled()).isBetween(heap, (double) MemoryFigures.machineBytes());
  }
}
