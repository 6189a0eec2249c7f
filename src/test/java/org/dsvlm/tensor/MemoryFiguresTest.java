/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class MemoryFiguresTest {
  @Test
  void seesATensorThatIsMadeAndFreed() {
    long bytes = 256L << 20;
    long before = MemoryFigures.residentBytes();
    long during;
    try (PointerScope scope = new PointerScope()) {
      Tensor tensor = Torch.of(new float[1], 1).repeat(bytes / 4);
      during = MemoryFigures.residentBytes();
      assertThat(tensor.numel()).isEqualTo(bytes / 4);
    }
    assertThat(during - before).isBetween(bytes * 9 / 10, bytes * 3 / 2);
    assertThat(during - MemoryFigures.residentBytes()).isGreaterThan(bytes * 9 / 10);
    assertThat(MemoryFigures.peakResidentBytes()).isGreaterThanOrEqualTo(during);
  }

  @Test
  void readsTheKernelsLines() {
    List<String> status = List.of("Name:\tjava", "VmHWM:\t     400 kB", "VmRSS:\t     300 kB");
    assertThat(MemoryFigures.field("VmRSS", status)).hasValue(307_200);
    assertThat(MemoryFigures.field("VmHWM", status)).hasValue(409_600);
    assertThat(MemoryFigures.field("VmSwap", status)).isEmpty();
    assertThat(MemoryFigures.field("VmRSS", List.of("VmRSS: lots"))).isEmpty();
  }
}
