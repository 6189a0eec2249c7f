/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.dsvlm.kernels.Implementation.assertClose;
import static org.dsvlm.kernels.Implementation.tolerance;
import static org.dsvlm.kernels.Implementation.uniform;
import static org.dsvlm.kernels.Implementation.valueAndGradients;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.kernels.Ssim.Border;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TensorScope.class)
class SsimTest {

  private static Function<List<Tensor>, Tensor> operator(
      Implementation implementation, Border border, double dataRange) {
    return pair -> implementation.ssim(pair.get(0), pair.get(1), border, dataRange);
  }

  private static List<Tensor> pictures(ScalarType dtype, long... shape) {
    return List.of(uniform(1, dtype, shape), uniform(2, dtype, shape));
  }

  @ParameterizedTest
  @CsvSource({
    "Double, VALID, 2, 3, 12, 17",
    "Double, SAME, 1, 2, 5, 3",
    "Float, VALID, 1, 1, 11, 11",
    "Float, VALID, 2, 1, 150, 23",
    "Float, SAME, 1, 3, 140, 31",
    "Float, SAME, 2, 1, 1, 1",
    "BFloat16, VALID, 2, 3, 20, 33",
    "BFloat16, SAME, 1, 1, 9, 40"
  })
  void nativeEqualsTheReference(
      ScalarType dtype, Border border, long batch, long channels, long height, long width) {
    Implementation.NATIVE.assume();
    List<Tensor> pair = pictures(dtype, batch, channels, height, width);
    assertClose(
        valueAndGradients(operator(Implementation.NATIVE, border, 2), pair),
        valueAndGradients(operator(Implementation.REFERENCE, border, 2), pair),
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
    GradCheck.check(
        operator(implementation, Border.VALID, 1), pictures(ScalarType.Double, 1, 2, 12, 13), 1e-6);
    GradCheck.check(
        operator(implementation, Border.SAME, 1), pictures(ScalarType.Double, 2, 1, 6, 4), 1e-6);
  }

  @ParameterizedTest
  @EnumSource
  void theLossIsOneMinusSimilarityAndTheMeanAbsoluteDifference(Implementation implementation) {
    implementation.assume();
    Tensor zeros = torch.zeros(1, 3, 12, 16);
    Tensor ones = torch.ones(1, 3, 12, 16);
    assertThat(Torch.doubles(implementation.ssimLoss(zeros, ones, 0.25, 3, Border.VALID, 1)))
        .containsExactly(new double[] {0.25 * (1 - 1e-4 / (1 + 1e-4)) + 3}, within(1e-6));
    assertThat(Torch.doubles(implementation.ssimLoss(ones, ones, 0.25, 3, Border.SAME, 1)))
        .containsExactly(new double[] {0}, within(1e-6));
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors in float64",
      then = "accepted; gradients equal finite differences")
  void gradientsOfTheLossEqualFiniteDifferences(Implementation implementation) {
    implementation.assume();
    for (Border border : Border.values()) {
      GradCheck.check(
          pair -> implementation.ssimLoss(pair.get(0), pair.get(1), 0.3, 0.7, border, 1),
          pictures(ScalarType.Double, 1, 2, 12, 13),
          1e-6);
    }
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "SSIM of a picture smaller than its window, or with a NaN weight",
      then = "an error with operator, argument and size")
  void theLossRefusesWhatItCannotCompare(Implementation implementation) {
    implementation.assume();
    Tensor x = uniform(1, ScalarType.Float, 1, 3, 16, 16);
    assertThatThrownBy(() -> implementation.ssimLoss(x, x, Double.NaN, 1, Border.VALID, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::ssim_l1: similarity_weight and difference_weight");
    Tensor small = x.narrow(2, 0, 10);
    assertThatThrownBy(() -> implementation.ssimLoss(small, small, 1, 1, Border.VALID, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::ssim_l1: ")
        .hasMessageContaining("at least 11x11");
  }

  @ParameterizedTest
  @EnumSource
  void aPictureIsLikeItself(Implementation implementation) {
    implementation.assume();
    Tensor x = uniform(1, ScalarType.Float, 2, 3, 20, 20);
    for (Border border : Border.values()) {
      assertThat(Torch.doubles(implementation.ssim(x, x, border, 1)))
          .containsExactly(new double[] {1, 1}, within(1e-6));
    }
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors of any strides",
      then = "accepted; results equal those of contiguous tensors")
  void acceptsAnyStrides(Implementation implementation) {
    implementation.assume();
    List<Tensor> plain = pictures(ScalarType.Float, 2, 3, 14, 18);
    List<Tensor> other = plain.stream().map(Implementation::strided).toList();
    assertThat(other.get(0).is_contiguous()).isFalse();
    assertClose(
        valueAndGradients(operator(implementation, Border.SAME, 1), other),
        valueAndGradients(operator(implementation, Border.SAME, 1), plain),
        1e-6,
        "strided against contiguous");
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "an empty batch, or no queries",
      then = "accepted; results are empty, gradients empty or zero")
  void anEmptyBatchGivesAnEmptyResult(Implementation implementation) {
    implementation.assume();
    List<Tensor> pair = pictures(ScalarType.Float, 0, 3, 16, 16);
    assertThat(valueAndGradients(operator(implementation, Border.VALID, 1), pair))
        .allSatisfy(values -> assertThat(values).isEmpty());
  }

  @ParameterizedTest
  @EnumSource
  void bfloat16PicturesGiveFloat32Values(Implementation implementation) {
    implementation.assume();
    List<Tensor> pair = pictures(ScalarType.BFloat16, 1, 1, 12, 12);
    Tensor value = operator(implementation, Border.VALID, 1).apply(pair);
    assertThat(value.scalar_type().intern()).isEqualTo(ScalarType.Float);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesWhatItCannotCompare(Implementation implementation) {
    implementation.assume();
    Tensor x = uniform(1, ScalarType.Float, 1, 3, 16, 16);
    Tensor small = x.narrow(2, 0, 10);
    Tensor elsewhere = x.to(new Device("meta"), ScalarType.Float, false, false, null);
    Tensor closed = x.clone();
    closed.close();
    refuses(implementation, x, x.to(ScalarType.Double), 1, "y is float64, but x is float32");
    refuses(
        implementation, x, small, 1, "y must be shaped like x, [1, 3, 16, 16]", "[1, 3, 10, 16]");
    refuses(implementation, small, small, 1, "at least 11x11", "[1, 3, 10, 16]");
    refuses(implementation, x.select(0, 0), x, 1, "x must be [batch, channels, height, width]");
    refuses(implementation, x, elsewhere, 1, "y is on meta, but x is on cpu");
    refuses(implementation, x, x, 0, "data_range must be positive");
    refuses(implementation, x, closed, 1, "y is null or was closed");
  }

  @Test
  void refusesASecondDerivative() {
    Implementation.NATIVE.assume();
    List<Tensor> pair = pictures(ScalarType.Float, 1, 1, 12, 12);
    pair.get(1).set_requires_grad(true);
    Tensor output = operator(Implementation.NATIVE, Border.VALID, 1).apply(pair);
    assertThatThrownBy(() -> Implementation.backwardForSecondDerivative(output))
        .hasMessageContaining("has no second derivative");
  }

  private static void refuses(
      Implementation implementation, Tensor x, Tensor y, double dataRange, String... parts) {
    assertThatThrownBy(() -> implementation.ssim(x, y, Border.VALID, dataRange))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::ssim: ")
        .hasMessageContainingAll(parts);
  }
}
