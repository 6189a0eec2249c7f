/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.BiFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RmsNormTest {
  private static final RandomState RANDOM = new RandomState(4);

  /** Of a large epsilon too, so that its place shows. */
  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"Double", "Float", "BFloat16"})
  void theOneKernelHasTheValuesAndGradientsOfTheSteps(ScalarType dtype) {
    double tolerance =
        switch (dtype) {
          case Double -> 1e-12;
          case Float -> 1e-5;
          default -> 0.05;
        };
    try (PointerScope scope = new PointerScope();
        ParameterStore store = ParameterStore.random(RANDOM, dtype, "cpu")) {
      RmsNorm norm = new RmsNorm(store.root().at("norm"), 32, 0.3);
      norm.weight().copy_(RANDOM.fork("weight").normal(32));
      store.setTrainable(name -> true);
      double[] steps = valuesAndGradients(norm, dtype, RmsNorm::composed);
      double[] fused = valuesAndGradients(norm, dtype, RmsNorm::fused);
      assertThat(fused).containsExactly(steps, within(tolerance));
    }
  }

  private static double[] valuesAndGradients(
      RmsNorm norm, ScalarType dtype, BiFunction<RmsNorm, Tensor, Tensor> way) {
    Tensor x = RANDOM.fork("x").normal(2, 5, 32).to(dtype).set_requires_grad(true);
    Tensor y = way.apply(norm, x);
    assertThat(y.scalar_type().intern()).isEqualTo(dtype);
    y.mul(RANDOM.fork("y").normal(2, 5, 32).to(dtype)).sum().backward();
    Tensor all =
        Torch.cat(0, y.flatten().detach(), x.grad().flatten(), norm.weight().grad().flatten());
    double[] values = Torch.doubles(all);
    torch.zero_(norm.weight().mutable_grad());
    return values;
  }
}
