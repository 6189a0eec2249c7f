/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/** The start of a parameter that no checkpoint holds. */
@FunctionalInterface
public interface Init {
  /** A new float32 tensor of {@code shape}. */
  Tensor sample(RandomState random, long[] shape);

  Init ZEROS = (random, shape) -> torch.zeros(shape, Torch.options(ScalarType.Float));

  Init ONES = (random, shape) -> torch.ones(shape, Torch.options(ScalarType.Float));

  /**
   * Uniform in ±1/√fan_in, fan_in being the product of all dimensions but the first: PyTorch's own
   * start for linear and convolution weights.
   */
  Init FAN_IN =
      (random, shape) -> {
        long fanIn = 1;
        for (int i = 1; i < shape.length; i++) {
          fanIn *= shape[i];
        }
        return uniform(1 / Math.sqrt(fanIn)).sample(random, shape);
      };

  /** Normal with mean 0. */
  static Init normal(double standardDeviation) {
    return (random, shape) -> random.normal(shape).mul_(Torch.scalar(standardDeviation));
  }

  /** Uniform in ±{@code bound}. */
  static Init uniform(double bound) {
    return (random, shape) ->
        Torch.tidy(
            () ->
                torch
                    .empty(shape)
                    .uniform_(-bound, bound, new GeneratorOptional(random.generator())));
  }
}
