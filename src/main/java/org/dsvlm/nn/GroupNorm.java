/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.kernels.GroupNormSilu;

/** Group normalisation over channels and space; {@code weight} and {@code bias} [channels]. */
public final class GroupNorm {
  private final Tensor weight;
  private final Tensor bias;
  private final long groups;
  private final double eps;

  public GroupNorm(Parameters parameters, long groups, long channels, double eps) {
    this.weight = parameters.get("weight", Init.ONES, channels);
    this.bias = parameters.get("bias", Init.ZEROS, channels);
    this.groups = groups;
    this.eps = eps;
  }

  /** x: [batch, channels, height, width] in, the same out. */
  public Tensor forward(Tensor x) {
    return torch.group_norm(
        x, groups, new TensorOptional(weight), new TensorOptional(bias), eps, false);
  }

  /** x: [batch, channels, height, width] in, {@code silu(forward(x))} out. */
  public Tensor forwardSilu(Tensor x) {
    return GroupNormSilu.forward(x, weight, bias, groups, eps);
  }
}
