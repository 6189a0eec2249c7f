/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

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
  void tellsTheNormOfEachPartBeforeClipping() {
    try (PointerScope scope = new PointerScope()) {
      Map<String, List<Tensor>> parts = new LinkedHashMap<>();
      parts.put("a", List.of(Torch.of(new double[] {2}, 1), Torch.of(new double[] {1, 2}, 2)));
      parts.put("none", List.of());
      parts.put("b", List.of(Torch.of(new double[] {4}, 1)));
      GradientClipping.Norms norms = GradientClipping.clip(parts, 1);
      assertThat(norms.all()).isEqualTo(5);
      assertThat(norms.parts())
          .containsExactly(entry("a", 3.0), entry("none", 0.0), entry("b", 4.0));
      assertThat(Torch.doubles(parts.get("b").get(0))[0]).isCloseTo(0.8, within(1e-6));
    }
  }

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
