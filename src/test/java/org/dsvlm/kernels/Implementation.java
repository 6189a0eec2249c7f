/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Assumptions;

/** The two implementations that every operator has, so that one test runs on both. */
enum Implementation {
  REFERENCE,
  NATIVE;

  /** Skips the running test, saying why, where this implementation is not there. */
  void assume() {
    if (this == NATIVE) {
      Assumptions.assumeTrue(Kernels.nativeLoaded(), Kernels::status);
    }
  }

  Tensor moe(Tensor query, List<Tensor> keys, List<Tensor> values, Tensor router) {
    return this == NATIVE
        ? MoeCrossAttention.forward(query, keys, values, router)
        : MoeCrossAttention.reference(query, keys, values, router);
  }

  Tensor ssim(Tensor x, Tensor y, Ssim.Border border, double dataRange) {
    return this == NATIVE
        ? Ssim.perSample(x, y, border, dataRange)
        : Ssim.reference(x, y, border, dataRange);
  }

  Tensor ssimLoss(
      Tensor x, Tensor y, double similarity, double difference, Ssim.Border border, double range) {
    return this == NATIVE
        ? Ssim.lossPerSample(x, y, similarity, difference, border, range)
        : Ssim.lossReference(x, y, similarity, difference, border, range);
  }

  Tensor perceptual(Tensor features, Tensor target, Tensor weights) {
    return this == NATIVE
        ? PerceptualDistance.perSample(features, target, weights)
        : PerceptualDistance.reference(features, target, weights);
  }

  Tensor groupNormSilu(Tensor x, Tensor weight, Tensor bias, long groups, double eps) {
    return this == NATIVE
        ? GroupNormSilu.forward(x, weight, bias, groups, eps)
        : GroupNormSilu.reference(x, weight, bias, groups, eps);
  }

  void adamW(
      AdamWUpdate.Tensors tensors, Tensor gradientScale, AdamWUpdate.Hyperparameters settings) {
    if (this == NATIVE) {
      AdamWUpdate.apply(tensors, gradientScale, settings);
    } else {
      AdamWUpdate.reference(tensors, gradientScale, settings);
    }
  }

  Tensor norms(List<Tensor> gradients) {
    return this == NATIVE ? GradientNorms.each(gradients) : GradientNorms.reference(gradients);
  }

  /** Random leaves for comparisons: normal or, where pictures are meant, uniform in [0, 1). */
  static Tensor normal(long seed, ScalarType dtype, long... shape) {
    return new RandomState(seed).normal(shape).to(dtype);
  }

  static Tensor uniform(long seed, ScalarType dtype, long... shape) {
    return new RandomState(seed).uniform(shape).to(dtype);
  }

  /**
   * The same numbers with other strides: the first and the last dimension lie swapped in memory,
   * and every row has a gap.
   */
  static Tensor strided(Tensor tensor) {
    long last = tensor.dim() - 1;
    return Torch.tidy(
        () -> {
          Tensor swapped = tensor.transpose(0, last);
          Tensor gaps = Torch.cat(0, swapped, swapped);
          return gaps.narrow(0, 0, tensor.size(last)).transpose(0, last);
        });
  }

  /** Value and the gradients of all inputs under a fixed upstream, as doubles. */
  static List<double[]> valueAndGradients(
      Function<List<Tensor>, Tensor> function, List<Tensor> inputs) {
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> leaves = new ArrayList<>();
      inputs.forEach(input -> leaves.add(input.detach().set_requires_grad(true)));
      Tensor output = function.apply(leaves);
      List<double[]> results = new ArrayList<>(List.of(Torch.doubles(output)));
      // The same numbers whatever the type: all types have those of bfloat16.
      Tensor upstream =
          normal(17, ScalarType.BFloat16, Torch.shape(output)).to(output.scalar_type().intern());
      output.mul(upstream).sum().backward();
      leaves.forEach(leaf -> results.add(Torch.doubles(leaf.grad())));
      return results;
    }
  }

  /** |actual − expected| ≤ tolerance · max(0.1, max |expected|), for value and gradients alike. */
  static void assertClose(
      List<double[]> actual, List<double[]> expected, double tolerance, String what) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      String part = what + (i == 0 ? ": value" : ": gradient of input " + (i - 1));
      double[] wanted = expected.get(i);
      double[] got = actual.get(i);
      assertThat(got).as(part).hasSameSizeAs(wanted);
      double scale = Math.max(0.1, Arrays.stream(wanted).map(Math::abs).max().orElse(0));
      for (int j = 0; j < wanted.length; j++) {
        if (!(Math.abs(got[j] - wanted[j]) <= tolerance * scale)) {
          fail("%s, entry %d: %s, expected %s", part, j, got[j], wanted[j]);
        }
      }
    }
  }

  /** Asks for a gradient that can itself be differentiated. */
  static void backwardForSecondDerivative(Tensor output) {
    output.sum().backward(new Tensor(), new BoolOptional(true), true, new TensorArrayRefOptional());
  }

  /** Agreement that a number format allows. */
  static double tolerance(ScalarType dtype) {
    return switch (dtype) {
      case Double -> 1e-11;
      case Float -> 3e-5;
      default -> 2e-2;
    };
  }
}
