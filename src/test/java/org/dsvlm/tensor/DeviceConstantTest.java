/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class DeviceConstantTest {
  @Test
  void itIsMadeOnceForEachTypeAndOutlivesThePass() {
    AtomicInteger made = new AtomicInteger();
    DeviceConstant constant =
        new DeviceConstant(
            () -> {
              made.incrementAndGet();
              return Torch.of(new double[] {0.1, 3}, 2);
            });
    for (int pass = 0; pass < 3; pass++) {
      try (PointerScope scope = new PointerScope()) {
        Device cpu = new Device("cpu");
        assertThat(Torch.doubles(constant.on(cpu, ScalarType.Double))).containsExactly(0.1, 3);
        Tensor like = Torch.of(new float[1], 1);
        assertThat(Torch.describe(constant.on(like))).isEqualTo("float32 [2]");
        assertThat(Torch.doubles(constant.on(like))).containsExactly(0.1f, 3);
      }
    }
    assertThat(made).hasValue(2);
  }

  @Test
  void itKeepsItsOwnNumbers() {
    double[] values = {1, 2};
    DeviceConstant constant = DeviceConstant.of(values, 1, 2);
    values[0] = 5;
    try (PointerScope scope = new PointerScope()) {
      Tensor tensor = constant.on(new Device("cpu"), ScalarType.Float);
      assertThat(Torch.shape(tensor)).containsExactly(1, 2);
      assertThat(Torch.floats(tensor)).containsExactly(1, 2);
    }
  }
}
