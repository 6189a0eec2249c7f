/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Layer normalisation over the last dimension; {@code weight} and {@code bias} [size]. */
public final class LayerNorm {
  private final Tensor weight;
  private final Tensor bias;
  private final long[] size;
  private final double eps;

  public LayerNorm(Parameters parameters, long size, double eps) {
    this.weight = parameters.get("weight", Init.ONES, size);
    this.bias = parameters.get("bias", Init.ZEROS, size);
    this.size = new long[] {size};
    this.eps = eps;
  }

  /** x: [..., size] in, the same out. */
  public Tensor forward(Tensor x) {
    return torch.layer_norm(
        x, size, new TensorOptional(weight), new TensorOptional(bias), eps, false);
  }
}
