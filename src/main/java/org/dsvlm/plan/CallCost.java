/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.kernels.GroupNormSilu;
import org.dsvlm.kernels.LinearProduct;
import org.dsvlm.nn.Attention;
import org.dsvlm.tensor.Torch;

/**
 * The time of a call beside its arithmetic, measured as calls follow one another in a step: each
 * finds the processor's caches full of other operations' code.
 */
final class CallCost {
  /** Small enough for the arithmetic to be nothing. */
  private static final int WIDTH = 8;

  private static final int ROUNDS = 5;

  private CallCost() {}

  /** Seconds of a call, forward or backward. */
  static double seconds(Stopwatch stopwatch) {
    try (PointerScope scope = new PointerScope()) {
      Tensor other = stopwatch.normal(WIDTH, WIDTH);
      Tensor weight = stopwatch.normal(WIDTH, WIDTH).requires_grad_(true);
      Tensor kernel = stopwatch.normal(WIDTH, WIDTH, 3, 3).requires_grad_(true);
      Tensor scale = stopwatch.normal(WIDTH).requires_grad_(true);
      Tensor shift = stopwatch.normal(WIDTH).requires_grad_(true);
      List<Tensor> weights = List.of(weight, kernel, scale, shift);
      List<UnaryOperator<Tensor>> operations = operations(other, weight, kernel, scale, shift);
      List<Double> extra = new ArrayList<>();
      for (int i = 0; i <= ROUNDS; i++) {
        double inTurn = stopwatch.chain(operations, weights, WIDTH, WIDTH);
        double alone = 0;
        for (UnaryOperator<Tensor> operation : operations) {
          alone += stopwatch.chain(List.of(operation), weights, WIDTH, WIDTH) / operations.size();
        }
        extra.add(inTurn - alone);
      }
      // While the first round ran, the virtual machine compiled the calls.
      List<Double> counted = extra.subList(1, extra.size());
      counted.sort(Double::compare);
      return stopwatch.callSeconds() + Math.max(0, counted.get(ROUNDS / 2)) / 2;
    }
  }

  /** Some of what a step is made of. */
  private static List<UnaryOperator<Tensor>> operations(
      Tensor other, Tensor weight, Tensor kernel, Tensor scale, Tensor shift) {
    TensorOptional gamma = new TensorOptional(scale);
    TensorOptional beta = new TensorOptional(shift);
    long[] width = {WIDTH};
    long[] ones = {1, 1};
    Scalar half = new Scalar(0.5);
    return List.of(
        x -> LinearProduct.of(x, weight, beta),
        x -> x.add(other),
        x -> torch.layer_norm(x, width, gamma, beta, 1e-5, false),
        torch::silu,
        x -> x.mul(other),
        x -> x.t().contiguous(),
        torch::gelu,
        x -> GroupNormSilu.forward(map(x), scale, shift, 2, 1e-5).view(WIDTH, WIDTH),
        x -> torch.conv2d(map(x), kernel, beta, ones, ones, ones, 1).view(WIDTH, WIDTH),
        x -> Attention.full(map(x), map(x), map(x)).view(WIDTH, WIDTH),
        x -> Torch.cat(0, x, other).narrow(0, 0, WIDTH),
        x -> x.mul(half));
  }

  /** One picture of {@code WIDTH} channels. */
  private static Tensor map(Tensor x) {
    return x.view(1, WIDTH, WIDTH, 1);
  }
}
