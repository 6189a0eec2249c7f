/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.dsvlm.kernels.Implementation.assertClose;
import static org.dsvlm.kernels.Implementation.normal;
import static org.dsvlm.kernels.Implementation.tolerance;
import static org.dsvlm.kernels.Implementation.uniform;
import static org.dsvlm.kernels.Implementation.valueAndGradients;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TensorScope.class)
class PerceptualDistanceTest {

  private static Function<List<Tensor>, Tensor> operator(Implementation implementation) {
    return all -> implementation.perceptual(all.get(0), all.get(1), all.get(2));
  }

  private static List<Tensor> inputs(ScalarType dtype, long... shape) {
    return List.of(normal(1, dtype, shape), normal(2, dtype, shape), uniform(3, dtype, shape[1]));
  }

  @ParameterizedTest
  @CsvSource({
    "Double, 2, 5, 4, 3",
    "Float, 1, 1, 1, 1",
    "Float, 3, 64, 40, 33",
    "Float, 1, 600, 7, 19",
    "BFloat16, 2, 30, 9, 15"
  })
  void nativeEqualsTheReference(
      ScalarType dtype, long batch, long channels, long height, long width) {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = inputs(dtype, batch, channels, height, width);
    assertClose(
        valueAndGradients(operator(Implementation.NATIVE), inputs),
        valueAndGradients(operator(Implementation.REFERENCE), inputs),
        tolerance(dtype),
        "native against reference");
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors in float64",
      then = "accepted; gradients equal finite differences")
  void gradientsInFloat64EqualFiniteDifferences(Implementation implementation) {
    implementation.assume();
    GradCheck.check(operator(implementation), inputs(ScalarType.Double, 2, 4, 3, 2), 1e-7);
  }

  @ParameterizedTest
  @EnumSource
  void positionsWithoutFeaturesGetNoGradient(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 1, 3, 1, 2);
    inputs.get(0).narrow(3, 0, 1).zero_();
    List<double[]> results = valueAndGradients(operator(implementation), inputs);
    assertThat(results).allSatisfy(all -> assertThat(all).doesNotContain(Double.NaN));
    double[] features = results.get(1);
    for (int channel = 0; channel < 3; channel++) {
      assertThat(Math.abs(features[2 * channel])).as("channel %d", channel).isZero();
    }
    assertThat(features[1]).isNotZero();
  }

  @ParameterizedTest
  @EnumSource
  void equalMapsHaveNoDistance(Implementation implementation) {
    implementation.assume();
    Tensor map = normal(1, ScalarType.Float, 2, 8, 5, 5);
    Tensor weights = uniform(2, ScalarType.Float, 8);
    assertThat(Torch.doubles(implementation.perceptual(map, map, weights)))
        .containsExactly(new double[] {0, 0}, within(1e-12));
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors of any strides",
      then = "accepted; results equal those of contiguous tensors")
  void acceptsAnyStrides(Implementation implementation) {
    implementation.assume();
    List<Tensor> plain = inputs(ScalarType.Float, 2, 6, 5, 4);
    List<Tensor> other =
        List.of(
            Implementation.strided(plain.get(0)),
            Implementation.strided(plain.get(1)),
            plain.get(2).expand(2, 6).clone().t().contiguous().select(1, 0));
    assertThat(other.get(0).is_contiguous()).isFalse();
    assertThat(other.get(2).is_contiguous()).isFalse();
    assertClose(
        valueAndGradients(operator(implementation), other),
        valueAndGradients(operator(implementation), plain),
        1e-6,
        "strided against contiguous");
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "an empty batch, or no queries",
      then = "accepted; results are empty, gradients empty or zero")
  void anEmptyBatchGivesAnEmptyResultAndZeroGradients(Implementation implementation) {
    implementation.assume();
    List<double[]> results =
        valueAndGradients(operator(implementation), inputs(ScalarType.Float, 0, 3, 4, 4));
    assertThat(results.get(0)).isEmpty();
    assertThat(results.get(3)).containsExactly(0, 0, 0);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesWhatItCannotCompare(Implementation implementation) {
    implementation.assume();
    Tensor map = normal(1, ScalarType.Float, 1, 3, 4, 4);
    Tensor weights = uniform(2, ScalarType.Float, 3);
    Tensor elsewhere = map.to(new Device("meta"), ScalarType.Float, false, false, null);
    Tensor closed = weights.clone();
    closed.close();
    refuses(implementation, map, map.narrow(1, 0, 2), weights, "target must be shaped like");
    refuses(implementation, map, map, weights.narrow(0, 0, 2), "weights must be [channels] [3]");
    refuses(implementation, map, map, weights.to(ScalarType.Double), "weights is float64");
    refuses(implementation, map, elsewhere, weights, "target is on meta, but features is on cpu");
    refuses(implementation, map.select(0, 0), map, weights, "features must be [batch, channels");
    refuses(implementation, map, map, closed, "weights is null or was closed");
  }

  @Test
  void refusesASecondDerivative() {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 1, 2, 3, 3);
    inputs.get(2).set_requires_grad(true);
    Tensor output = operator(Implementation.NATIVE).apply(inputs);
    assertThatThrownBy(() -> Implementation.backwardForSecondDerivative(output))
        .hasMessageContaining("has no second derivative");
  }

  private static void refuses(
      Implementation implementation,
      Tensor features,
      Tensor target,
      Tensor weights,
      String... parts) {
    assertThatThrownBy(() -> implementation.perceptual(features, target, weights))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::perceptual_distance: ")
        .hasMessageContainingAll(parts);
  }
}
