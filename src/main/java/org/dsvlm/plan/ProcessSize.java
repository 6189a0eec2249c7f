/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayList;
import java.util.List;
import org.dsvlm.tensor.MemoryFigures;

/** The memory of this process beside the tensors of a run. */
final class ProcessSize {
  private static final int PIECE = 4 << 20;

  private ProcessSize() {}

  /**
   * Bytes in physical memory once every page of Java's heap, as large as the virtual machine has
   * made it, was in use, as it is after some minutes of a run's garbage: libraries and the code
   * that was called, the virtual machine, its heap.
   */
  static double filled() {
    List<byte[]> pieces = new ArrayList<>();
    for (long free = Runtime.getRuntime().freeMemory(); free > PIECE; free -= PIECE) {
      pieces.add(new byte[PIECE]);
    }
    double bytes = MemoryFigures.residentBytes();
    pieces.clear();
    return bytes;
  }
}
