/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class GradientClippingTest {
  @Test
  void tellsTheNormOfEachPart() {
    try (PointerScope scope = new PointerScope()) {
      Map<String, List<Tensor>> parts = new LinkedHashMap<>();
      parts.put("a", List.of(Torch.of(new double[] {2}, 1), Torch.of(new double[] {1, 2}, 2)));
      parts.put("none", List.of());
      parts.put("b", List.of(Torch.of(new double[] {4}, 1)));
      GradientClipping.Norms norms = GradientClipping.of(parts).norms();
      assertThat(norms.all()).isEqualTo(5);
      assertThat(norms.parts())
          .containsExactly(entry("a", 3.0), entry("none", 0.0), entry("b", 4.0));
    }
  }

  @Test
  void theFactorBringsTheNormToTheLimit() {
    try (PointerScope scope = new PointerScope()) {
      Tensor first = Torch.of(new double[] {3, 0}, 2);
      Tensor second = Torch.of(new double[] {4}, 1);
      GradientClipping clipping = GradientClipping.of(List.of(first, second));
      assertThat(Torch.item(clipping.factor(1))).isCloseTo(1 / (5 + 1e-6), within(1e-15));
      assertThat(Torch.doubles(first)).containsExactly(3, 0);
    }
  }

  @Test
  void shortGradientsAndALimitOfZeroAreNotScaled() {
    try (PointerScope scope = new PointerScope()) {
      GradientClipping clipping = GradientClipping.of(List.of(Torch.of(new double[] {3, 4}, 2)));
      assertThat(Torch.item(clipping.factor(10))).isEqualTo(1);
      assertThat(clipping.factor(0)).isNull();
      GradientClipping none = GradientClipping.of(List.of());
      assertThat(none.norms().all()).isZero();
      assertThat(Torch.item(none.factor(1))).isEqualTo(1);
    }
  }
}
