/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class TorchTest {
  @Test
  void aTensorIsACopyOfItsValues() {
    float[] values = {1, 2, 3, 4, 5, 6};
    try (PointerScope scope = new PointerScope()) {
      Tensor tensor = Torch.of(values, 2, 3);
      values[5] = 7;
      assertThat(Torch.describe(tensor)).isEqualTo("float32 [2, 3]");
      assertThat(Torch.floats(tensor)).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(Torch.describe(Torch.of(new float[0], 0, 3))).isEqualTo("float32 [0, 3]");
    }
  }

  @Test
  void valuesThatDoNotFillTheShapeAreRefused() {
    assertThatThrownBy(() -> Torch.of(new float[5], 2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("5 values do not fill float32 [2, 3]");
  }
}
