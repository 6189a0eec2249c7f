/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/** Central differences of a scalar along a random direction of one parameter, in float64. */
final class FiniteDifferences {
  private static final double STEP = 1e-6;

  private FiniteDifferences() {}

  /**
   * The change of {@code value} for a change of the parameter along {@code direction}, per unit.
   */
  static double slope(Tensor parameter, Tensor direction, Supplier<Tensor> value) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor original = parameter.clone();
      parameter.add_(direction, Torch.scalar(STEP));
      double above = Torch.item(value.get());
      parameter.copy_(original).sub_(direction, Torch.scalar(STEP));
      double below = Torch.item(value.get());
      parameter.copy_(original);
      return (above - below) / (2 * STEP);
    }
  }

  /** Random signs: every entry of the gradient takes part. */
  static Tensor direction(Tensor parameter) {
    return Torch.tidy(
        () ->
            new RandomState(3)
                .fork("direction")
                .normal(Torch.shape(parameter))
                .sign()
                .to(parameter));
  }
}
