/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/**
 * {@code y = x Wᵀ + b}; parameters {@code weight} [out, in] and, if asked for, {@code bias} [out].
 */
public final class Linear {
  private final Tensor weight;
  private final Tensor bias;

  private Linear(Tensor weight, Tensor bias) {
    this.weight = weight;
    this.bias = bias;
  }

  public static Linear withBias(Parameters parameters, long in, long out) {
    return new Linear(
        parameters.get("weight", Init.FAN_IN, out, in),
        parameters.get("bias", Init.uniform(1 / Math.sqrt(in)), out));
  }

  public static Linear withoutBias(Parameters parameters, long in, long out) {
    return new Linear(parameters.get("weight", Init.FAN_IN, out, in), null);
  }

  /** As given, for starts other than PyTorch's: language models use a normal of their own width. */
  public static Linear of(Parameters parameters, Init init, long in, long out, boolean bias) {
    return new Linear(
        parameters.get("weight", init, out, in),
        bias ? parameters.get("bias", Init.ZEROS, out) : null);
  }

  /** x: [..., in] in, [..., out] out. */
  public Tensor forward(Tensor x) {
    TensorOptional optional = bias == null ? Torch.none() : new TensorOptional(bias);
    return torch.linear(x, weight, optional);
  }

  /** The weight, [out, in]. */
  public Tensor weight() {
    return weight;
  }
}
