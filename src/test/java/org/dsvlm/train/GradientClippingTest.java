/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class GradientClippingTest {
  @Test
  void scalesToTheLimitAndTellsTheNormBefore() {
    try (PointerScope scope = new PointerScope()) {
      Tensor first = Torch.of(new double[] {3, 0}, 2);
      Tensor second = Torch.of(new double[] {4}, 1);
      assertThat(GradientClipping.clip(List.of(first, second), 1)).isEqualTo(5);
      assertThat(Torch.doubles(first)[0]).isCloseTo(3 / (5 + 1e-6), within(1e-12));
      assertThat(Torch.doubles(second)[0]).isCloseTo(4 / (5 + 1e-6), within(1e-12));
    }
  }

  @Test
  void leavesShortGradientsAndALimitOfZeroAlone() {
    try (PointerScope scope = new PointerScope()) {
      Tensor gradient = Torch.of(new double[] {3, 4}, 2);
      assertThat(GradientClipping.clip(List.of(gradient), 10)).isEqualTo(5);
      assertThat(GradientClipping.clip(List.of(gradient), 0)).isEqualTo(5);
      assertThat(Torch.doubles(gradient)).containsExactly(3, 4);
      assertThat(GradientClipping.clip(List.of(), 1)).isZero();
    }
  }
}
