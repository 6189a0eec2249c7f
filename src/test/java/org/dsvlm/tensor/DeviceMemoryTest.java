/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
  private static final String FULL =
      "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of 79.11 GiB.\n"
          + "Exception raised from malloc (most recent call first):";

  @Test
  void aTensorOfTheProcessorHasNone() {
    try (PointerScope scope = new PointerScope()) {
      assertThat(DeviceMemory.takePeak(Torch.of(new float[4], 4))).isEmpty();
    }
  }

  @Test
  void anOutOfMemoryErrorTellsWhatItsGpuHeld() {
    DeviceMemory.Peak peak = new DeviceMemory.Peak(3L << 29, 5L << 29);
    assertThat(
            OutOfMemory.explained(
                new RuntimeException(FULL),
                "step 1",
                "Lower it",
                index -> index == 3 ? Optional.of(peak) : Optional.empty()))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            "step 1: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of"
                + " 79.11 GiB. Tensors held 1.50 GiB at most, of 2.50 GiB that LibTorch had taken."
                + " Lower it");
  }

  @Test
  void aMissingFigureTakesNothingFromTheError() {
    assertThat(OutOfMemory.explained(new RuntimeException(FULL), "step 1", "Lower it"))
        .hasMessageEndingWith("GPU 3 has a total capacity of 79.11 GiB. Lower it");
  }
}
