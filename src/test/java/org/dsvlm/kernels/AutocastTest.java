/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.dsvlm.kernels.Implementation.NATIVE;
import static org.dsvlm.kernels.Implementation.normal;
import static org.dsvlm.kernels.Implementation.uniform;
import static org.dsvlm.kernels.Implementation.valueAndGradients;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The native operators in an autocast region of bfloat16 compute what they compute from inputs that
 * were cast by hand.
 */
@ExtendWith(TensorScope.class)
class AutocastTest {

  private static final ScalarType FULL = ScalarType.Float;
  private static final ScalarType LOWER = ScalarType.BFloat16;

  private static Arguments operator(
      String name,
      ScalarType computedIn,
      Function<List<Tensor>, Tensor> function,
      Function<ScalarType, List<Tensor>> inputs) {
    return arguments(name, computedIn, function, inputs);
  }

  private static List<Tensor> maps(ScalarType dtype) {
    return List.of(uniform(1, dtype, 2, 4, 12, 13), uniform(2, dtype, 2, 4, 12, 13));
  }

  private static Tensor attend(List<Tensor> all) {
    return NATIVE.moe(all.get(0), all.subList(1, 3), all.subList(3, 5), all.get(5));
  }

  static Stream<Arguments> operators() {
    return Stream.of(
        operator(
            "moe_cross_attention",
            LOWER,
            AutocastTest::attend,
            dtype ->
                List.of(
                    normal(1, dtype, 2, 7, 2, 8),
                    normal(2, dtype, 2, 3, 2, 8),
                    normal(3, dtype, 2, 5, 2, 8),
                    normal(4, dtype, 2, 3, 2, 8),
                    normal(5, dtype, 2, 5, 2, 8),
                    uniform(6, dtype, 2, 2))),
        operator(
            "linear",
            LOWER,
            all -> LinearProduct.of(all.get(0), all.get(1), new TensorOptional()),
            // Large enough for the native product, were it float32.
            dtype -> List.of(normal(1, dtype, 128, 128), normal(2, dtype, 128, 128))),
        operator(
            "linear_cross_entropy",
            LOWER,
            both ->
                LinearCrossEntropy.mean(
                    both.get(0), both.get(1), Torch.of(new long[] {0, 4, 2}, 3), 0),
            dtype -> List.of(normal(1, dtype, 3, 6), normal(2, dtype, 9, 6))),
        operator(
            "ssim",
            FULL,
            m -> NATIVE.ssim(m.get(0), m.get(1), Ssim.Border.VALID, 1),
            AutocastTest::maps),
        operator(
            "ssim_l1",
            FULL,
            m -> NATIVE.ssimLoss(m.get(0), m.get(1), 0.3, 0.7, Ssim.Border.SAME, 1),
            AutocastTest::maps),
        operator(
            "perceptual_distance",
            FULL,
            m -> NATIVE.perceptual(m.get(0), m.get(1), m.get(2)),
            dtype -> Stream.concat(maps(dtype).stream(), Stream.of(uniform(3, dtype, 4))).toList()),
        operator(
            "group_norm_silu",
            FULL,
            m -> NATIVE.groupNormSilu(m.get(0), m.get(1), m.get(2), 2, 1e-5),
            dtype ->
                List.of(normal(1, dtype, 2, 4, 5, 6), normal(2, dtype, 4), normal(3, dtype, 4))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operators")
  void inputsAreCast(
      String name,
      ScalarType computedIn,
      Function<List<Tensor>, Tensor> function,
      Function<ScalarType, List<Tensor>> inputs) {
    NATIVE.assume();
    // The numbers are those of bfloat16, so that a cast back and forth changes none.
    List<Tensor> rounded = inputs.apply(LOWER);
    List<Tensor> given = cast(rounded, computedIn == FULL ? LOWER : FULL);
    List<Tensor> byHand = cast(rounded, computedIn);
    ScalarType expected = function.apply(byHand).scalar_type().intern();
    List<double[]> within =
        valueAndGradients(leaves -> inRegion(() -> function.apply(leaves)), given);
    List<double[]> without = valueAndGradients(function, byHand);
    assertThat(inRegion(() -> function.apply(given)).scalar_type().intern()).isEqualTo(expected);
    assertThat(within.get(0)).as("value").isEqualTo(without.get(0));
    for (int i = 1; i < within.size(); i++) {
      double[] rounding = rounded(without.get(i), given.get(0).scalar_type().intern());
      assertThat(within.get(i)).as("gradient of input " + (i - 1)).isEqualTo(rounding);
    }
  }

  private static List<Tensor> cast(List<Tensor> tensors, ScalarType dtype) {
    return tensors.stream().map(tensor -> tensor.to(dtype)).toList();
  }

  /** A gradient is cast to the type of its leaf. */
  private static double[] rounded(double[] values, ScalarType dtype) {
    return Torch.doubles(Torch.of(values, values.length).to(dtype));
  }

  private static Tensor inRegion(Supplier<Tensor> body) {
    torch.set_autocast_dtype(DeviceType.CPU, LOWER);
    torch.set_autocast_enabled(DeviceType.CPU, true);
    torch.set_autocast_cache_enabled(false);
    try {
      return body.get();
    } finally {
      torch.set_autocast_cache_enabled(true);
      torch.set_autocast_enabled(DeviceType.CPU, false);
    }
  }
}
