/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.kernels.Ssim;
import org.dsvlm.kernels.Ssim.Border;

/**
 * Kind {@code ssim}: values and gradients of picture pairs, each by the reference implementation
 * and natively.
 */
final class SsimRunner implements GoldenRunner {
  private static final long RADIUS = 5;

  private interface Operator {
    Tensor perSample(Tensor x, Tensor y, Border border, double dataRange);
  }

  @Override
  public boolean isInput(String name) {
    return name.endsWith(".x") || name.endsWith(".y");
  }

  @Override
  public void run(GoldenCase golden) {
    List<Operator> operators = new ArrayList<>(List.of(Ssim::reference));
    if (Kernels.nativeLoaded()) {
      operators.add(Ssim::perSample);
    }
    for (String name : new TreeSet<>(golden.names())) {
      if (name.endsWith(".x")) {
        String pair = name.substring(0, name.length() - 2);
        for (Operator operator : operators) {
          compare(golden, pair, "valid", x -> x, Border.VALID, operator);
          compare(golden, pair, "same", x -> x, Border.SAME, operator);
          compare(golden, pair, "torchmetrics", SsimRunner::reflected, Border.VALID, operator);
        }
      }
    }
  }

  /** torchmetrics reflects the picture at its border; the window then never leaves it. */
  private static Tensor reflected(Tensor picture) {
    return torch.reflection_pad2d(picture, RADIUS, RADIUS, RADIUS, RADIUS);
  }

  private static void compare(
      GoldenCase golden,
      String pair,
      String variant,
      UnaryOperator<Tensor> prepare,
      Border border,
      Operator operator) {
    String prefix = pair + "." + variant + ".";
    Tensor x = golden.leaf(pair + ".x");
    Tensor y = golden.input(pair + ".y");
    Tensor perSample = operator.perSample(prepare.apply(x), prepare.apply(y), border, 1);
    Tensor value = perSample.mean();
    value.backward();
    Map<String, Tensor> results = Map.of("per_image", perSample, "value", value, "grad", x.grad());
    results.forEach(
        (name, result) -> {
          if (golden.has(prefix + name)) {
            golden.expect(prefix + name, result);
          }
        });
  }
}
