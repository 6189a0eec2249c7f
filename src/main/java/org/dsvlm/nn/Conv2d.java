/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Square two-dimensional convolution; {@code weight} [out, in, kernel, kernel], {@code bias} [out].
 */
public final class Conv2d {
  private static final long[] ONE = {1, 1};

  private final Tensor weight;
  private final @Nullable Tensor bias;
  private final long[] stride;
  private final long[] padding;

  private Conv2d(Tensor weight, @Nullable Tensor bias, long stride, long padding) {
    this.weight = weight;
    this.bias = bias;
    this.stride = new long[] {stride, stride};
    this.padding = new long[] {padding, padding};
  }

  public static Conv2d withBias(
      Parameters parameters, long in, long out, long kernel, long stride, long padding) {
    return new Conv2d(
        parameters.get("weight", Init.FAN_IN, out, in, kernel, kernel),
        parameters.get("bias", Init.uniform(1 / Math.sqrt(in * kernel * kernel)), out),
        stride,
        padding);
  }

  public static Conv2d withoutBias(
      Parameters parameters, long in, long out, long kernel, long stride, long padding) {
    return new Conv2d(
        parameters.get("weight", Init.FAN_IN, out, in, kernel, kernel), null, stride, padding);
  }

  /** As given, for starts other than PyTorch's; the bias, if asked for, starts at zero. */
  public static Conv2d of(
      Parameters parameters,
      Init init,
      long in,
      long out,
      long kernel,
      long stride,
      long padding,
      boolean bias) {
    return new Conv2d(
        parameters.get("weight", init, out, in, kernel, kernel),
        bias ? parameters.get("bias", Init.ZEROS, out) : null,
        stride,
        padding);
  }

  /** The weight, [out, in, kernel, kernel]. */
  public Tensor weight() {
    return weight;
  }

  /** The bias, [out], or null. */
  public @Nullable Tensor bias() {
    return bias;
  }

  /** x: [batch, in, height, width] in, [batch, out, height', width'] out. */
  public Tensor forward(Tensor x) {
    TensorOptional optional = bias == null ? Torch.none() : new TensorOptional(bias);
    return torch.conv2d(x, weight, optional, stride, padding, ONE, 1);
  }
}
