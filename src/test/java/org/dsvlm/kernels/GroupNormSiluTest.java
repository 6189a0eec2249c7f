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
import static org.dsvlm.kernels.Implementation.valueAndGradients;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
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
class GroupNormSiluTest {
  private static final double EPS = 1e-5;

  private static Function<List<Tensor>, Tensor> operator(
      Implementation implementation, int groups) {
    return all -> implementation.groupNormSilu(all.get(0), all.get(1), all.get(2), groups, EPS);
  }

  private static List<Tensor> inputs(ScalarType dtype, long channels, long... shape) {
    return List.of(normal(1, dtype, shape), normal(2, dtype, channels), normal(3, dtype, channels));
  }

  /** Shapes of Stable Diffusion's UNet and autoencoder among them. */
  @ParameterizedTest
  @CsvSource({
    "Double, 2, 12, 5, 7, 3",
    "Float, 1, 320, 16, 16, 32",
    "Float, 2, 8, 1, 9, 8",
    "Float, 1, 4, 64, 64, 1",
    "BFloat16, 2, 64, 9, 8, 32"
  })
  void nativeEqualsTheReference(
      ScalarType dtype, int batch, int channels, int height, int width, int groups) {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = inputs(dtype, channels, batch, channels, height, width);
    assertClose(
        valueAndGradients(operator(Implementation.NATIVE, groups), inputs),
        valueAndGradients(operator(Implementation.REFERENCE, groups), inputs),
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
    GradCheck.check(operator(implementation, 2), inputs(ScalarType.Double, 4, 2, 4, 3, 2), 1e-6);
  }

  /** A deviation of 0.1 beside a mean of 100: sums of squares alone would have lost it. */
  @ParameterizedTest
  @EnumSource
  void aLargeMeanDoesNotHideTheDeviation(Implementation implementation) {
    implementation.assume();
    Tensor x = normal(1, ScalarType.Float, 1, 4, 32, 32).mul(Torch.scalar(1e-1));
    x = x.add(Torch.scalar(100));
    Tensor one = Torch.of(new float[] {1, 1, 1, 1}, 4);
    Tensor zero = Torch.of(new float[4], 4);
    Tensor expected =
        Implementation.REFERENCE.groupNormSilu(
            x.to(ScalarType.Double), one.to(ScalarType.Double), zero.to(ScalarType.Double), 1, EPS);
    double error =
        Torch.item(
            implementation
                .groupNormSilu(x, one, zero, 1, EPS)
                .to(ScalarType.Double)
                .sub(expected)
                .abs()
                .max());
    assertThat(error).isLessThan(1e-4);
  }

  @ParameterizedTest
  @EnumSource
  void farValuesGoToZeroOrThrough(Implementation implementation) {
    implementation.assume();
    Tensor x = Torch.of(new float[] {-1, 1}, 1, 1, 2);
    Tensor weight = Torch.of(new float[] {1e4f}, 1);
    Tensor bias = Torch.of(new float[] {0}, 1);
    double[] y = Torch.doubles(implementation.groupNormSilu(x, weight, bias, 1, 0));
    assertThat(y[0]).isCloseTo(0, within(1e-30));
    assertThat(y[1]).isEqualTo(1e4);
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNoNumberSpoilsItsGroupAlone(Implementation implementation) {
    implementation.assume();
    List<Tensor> all = inputs(ScalarType.Float, 4, 1, 4, 20);
    all.get(0).select(1, 3).select(1, 7).fill_(new Scalar(Double.NaN));
    List<double[]> results = valueAndGradients(operator(implementation, 2), all);
    for (double[] ofMap : results.subList(0, 2)) {
      assertThat(Arrays.copyOfRange(ofMap, 0, 40)).doesNotContain(Double.NaN);
      assertThat(Arrays.copyOfRange(ofMap, 40, 80)).containsOnly(Double.NaN);
    }
  }

  @ParameterizedTest
  @EnumSource
  void frozenWeightsGatherNoGradientAndFrozenInputsNeither(Implementation implementation) {
    implementation.assume();
    List<Tensor> all = inputs(ScalarType.Float, 6, 2, 6, 3, 3);
    all.get(0).set_requires_grad(true);
    operator(implementation, 2).apply(all).sum().backward();
    assertThat(all.get(0).grad().defined()).isTrue();
    assertThat(all.get(1).grad().defined()).isFalse();
    assertThat(all.get(2).grad().defined()).isFalse();
    List<Tensor> other = inputs(ScalarType.Float, 6, 2, 6, 3, 3);
    other.get(2).set_requires_grad(true);
    operator(implementation, 2).apply(other).sum().backward();
    assertThat(other.get(0).grad().defined()).isFalse();
    assertThat(other.get(2).grad().defined()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesWhatDoesNotFit(Implementation implementation) {
    implementation.assume();
    List<Tensor> good = inputs(ScalarType.Float, 6, 2, 6, 3, 3);
    Tensor x = good.get(0);
    Tensor w = good.get(1);
    Tensor b = good.get(2);
    Tensor elsewhere = b.to(new Device("meta"), ScalarType.Float, false, false, null);
    Tensor closed = w.clone();
    closed.close();
    refuses(implementation, w, w, b, 1, "input must be [batch, channels, ...]");
    refuses(implementation, x.to(ScalarType.Int), w, b, 2, "input must be float32, float64 or");
    refuses(implementation, x, w.narrow(0, 0, 5), b, 2, "weight must be [channels] [6]");
    refuses(implementation, x, w.to(ScalarType.Double), b, 2, "weight is float64, but input is");
    refuses(implementation, x, w, b.view(2, 3), 2, "bias must be [channels] [6]");
    refuses(implementation, x, w, elsewhere, 2, "bias is on meta");
    refuses(implementation, x, closed, b, 2, "weight is null or was closed");
    refuses(implementation, x, w, b, 4, "groups must divide the 6 channels of input, but is 4");
    refuses(implementation, x, w, b, 0, "groups must divide");
  }

  private static void refuses(
      Implementation implementation, Tensor x, Tensor w, Tensor b, long groups, String part) {
    assertThatThrownBy(() -> implementation.groupNormSilu(x, w, b, groups, EPS))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::group_norm_silu: ")
        .hasMessageContaining(part);
  }

  @Test
  void refusesASecondDerivative() {
    Implementation.NATIVE.assume();
    List<Tensor> all = inputs(ScalarType.Float, 6, 2, 6, 3, 3);
    all.get(0).set_requires_grad(true);
    Tensor output = operator(Implementation.NATIVE, 2).apply(all);
    assertThatThrownBy(() -> Implementation.backwardForSecondDerivative(output))
        .hasMessageContaining("has no second derivative");
  }
}
