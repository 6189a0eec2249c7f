/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/**
 * Root-mean-square normalisation of the Llama family: {@code x / sqrt(mean(x²) + eps) · weight},
 * the statistics in float32 whatever the type of x, as the published checkpoints were trained.
 */
public final class RmsNorm {
  private static final long[] LAST = {-1};

  private final Tensor weight;
  private final double eps;

  public RmsNorm(Parameters parameters, long size, double eps) {
    this.weight = parameters.get("weight", Init.ONES, size);
    this.eps = eps;
  }

  /** The factors, [size]. */
  public Tensor weight() {
    return weight;
  }

  /** x: [..., size] in, the same out. On a GPU one kernel computes it, and rounds once. */
  public Tensor forward(Tensor x) {
    boolean alike = x.scalar_type().intern() == weight.scalar_type().intern();
    return x.is_cuda() && alike ? fused(x) : composed(x);
  }

  Tensor fused(Tensor x) {
    long[] size = {weight.size(0)};
    return torch.rms_norm(x, size, new TensorOptional(weight), new DoubleOptional(eps));
  }

  /** Rounds before the weight and after it, as the processor's results always did. */
  Tensor composed(Tensor x) {
    ScalarType dtype = x.scalar_type().intern();
    boolean reduced = dtype == ScalarType.Half || dtype == ScalarType.BFloat16;
    Tensor wide = reduced ? x.to(ScalarType.Float) : x;
    Tensor meanSquare = wide.square().mean(LAST, true, new ScalarTypeOptional());
    Tensor normalised = wide.mul(torch.rsqrt(meanSquare.add(Torch.scalar(eps))));
    return weight.mul(reduced ? normalised.to(dtype) : normalised);
  }
}
