/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * Sizes and tensors drawn from a seed. Half of the numbers are float32; some tensors are contiguous
 * but start at an odd element, some have other strides and gaps.
 */
final class RandomInputs {
  private final Random random;
  private final ScalarType dtype;

  RandomInputs(long seed) {
    random = new Random(seed);
    random.nextLong(); // the first draws of neighbouring seeds are alike
    dtype = oneIn(2) ? ScalarType.Float : oneIn(2) ? ScalarType.Double : ScalarType.BFloat16;
  }

  ScalarType dtype() {
    return dtype;
  }

  boolean oneIn(int chances) {
    return random.nextInt(chances) == 0;
  }

  /** 1 to {@code most}, 1 more often than chance has it. */
  int size(int most) {
    return oneIn(6) ? 1 : 1 + random.nextInt(most);
  }

  /** The same, or 0. */
  int sizeOrNone(int most) {
    return oneIn(12) ? 0 : size(most);
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  Tensor normal(long... shape) {
    return placed(new RandomState(random.nextLong()).normal(shape).to(dtype));
  }

  Tensor uniform(long... shape) {
    return placed(new RandomState(random.nextLong()).uniform(shape).to(dtype));
  }

  /** Contiguous, perhaps at an odd element: what an operator may write in place. */
  Tensor normalInPlace(long... shape) {
    Tensor tensor = new RandomState(random.nextLong()).normal(shape).to(dtype);
    return oneIn(2) ? tensor : unaligned(tensor, 1 + random.nextInt(7));
  }

  /** int64 [rows], each below {@code classes}. */
  Tensor labels(int rows, int classes) {
    return Torch.of(random.longs(rows, 0, classes).toArray(), rows);
  }

  private Tensor placed(Tensor tensor) {
    return switch (random.nextInt(3)) {
      case 0 -> tensor;
      case 1 -> unaligned(tensor, 1 + random.nextInt(7));
      default -> Implementation.strided(tensor);
    };
  }

  /** The same numbers, {@code offset} elements behind the start of a larger memory. */
  private static Tensor unaligned(Tensor tensor, long offset) {
    return Torch.tidy(
        () -> {
          Tensor before =
              torch.zeros(new long[] {offset}, Torch.options(tensor.scalar_type().intern()));
          return Torch.cat(0, before, tensor.reshape(-1))
              .narrow(0, offset, tensor.numel())
              .view(Torch.shape(tensor));
        });
  }
}
