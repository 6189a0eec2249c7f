/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * Compares gradients with central differences in float64, entry by entry: the derivative of {@code
 * Σ function(inputs) · upstream} for a random upstream.
 */
public final class GradCheck {
  private static final double STEP = 1e-6;

  private GradCheck() {}

  /**
   * Checks every entry of every input.
   *
   * @param function of the inputs, in their order; its result may have any shape
   * @param inputs float64 tensors; they become leaves
   * @param tolerance of |difference| ≤ tolerance · max(1, |finite difference|)
   */
  public static void check(
      Function<List<Tensor>, Tensor> function, List<Tensor> inputs, double tolerance) {
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> leaves = new ArrayList<>();
      for (Tensor input : inputs) {
        assertThat(input.scalar_type().intern()).isEqualTo(ScalarType.Double);
        leaves.add(input.detach().clone().set_requires_grad(true));
      }
      Tensor output = function.apply(leaves);
      Tensor upstream = new RandomState(3).normal(Torch.shape(output)).to(output.scalar_type());
      output.mul(upstream).sum().backward();
      for (int i = 0; i < leaves.size(); i++) {
        Tensor gradient = leaves.get(i).grad();
        assertThat(gradient.defined()).as("input %d has a gradient", i).isTrue();
        compare(function, leaves, i, Torch.doubles(gradient), upstream, tolerance);
      }
    }
  }

  private static void compare(
      Function<List<Tensor>, Tensor> function,
      List<Tensor> leaves,
      int index,
      double[] gradient,
      Tensor upstream,
      double tolerance) {
    double[] values = Torch.doubles(leaves.get(index));
    for (int entry = 0; entry < values.length; entry++) {
      double difference = 0;
      for (int sign = -1; sign <= 1; sign += 2) {
        double[] moved = values.clone();
        moved[entry] += sign * STEP;
        difference += sign * value(function, leaves, index, moved, upstream) / (2 * STEP);
      }
      assertThat(Math.abs(gradient[entry] - difference))
          .as(
              "input %d, entry %d: gradient %s, finite difference %s",
              index, entry, gradient[entry], difference)
          .isLessThanOrEqualTo(tolerance * Math.max(1, Math.abs(difference)));
    }
  }

  private static double value(
      Function<List<Tensor>, Tensor> function,
      List<Tensor> leaves,
      int index,
      double[] moved,
      Tensor upstream) {
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> inputs = new ArrayList<>();
      leaves.forEach(leaf -> inputs.add(leaf.detach()));
      inputs.set(index, Torch.of(moved, Torch.shape(leaves.get(index))));
      return Torch.item(function.apply(inputs).mul(upstream).sum());
    }
  }
}
