/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/**
 * The product of a linear layer, {@code x Wᵀ + b}. On the CPU, products of float32 use all threads,
 * where LibTorch gives them to OpenBLAS and one: large ones go through oneDNN, of middling ones
 * each thread takes a piece to OpenBLAS. All others are LibTorch's own.
 */
public final class LinearProduct {
  private static final OperatorCall CALL = new OperatorCall("dsvlm::linear");

  private LinearProduct() {}

  /**
   * Differentiable any number of times.
   *
   * @param x [..., in]
   * @param weight [out, in]
   * @param bias [out], or {@link Torch#none}
   * @return [..., out]
   * @throws org.dsvlm.io.DsVlmException if shapes, types or devices do not fit
   */
  public static Tensor of(Tensor x, Tensor weight, TensorOptional bias) {
    requireOpen(x, weight);
    if (!x.is_cpu() || !Kernels.nativeLoaded()) {
      return reference(x, weight, bias);
    }
    return CALL.run(() -> NativeOps.linear(x, weight, bias));
  }

  /** The same in LibTorch's own operator. */
  public static Tensor reference(Tensor x, Tensor weight, TensorOptional bias) {
    requireOpen(x, weight);
    return CALL.run(() -> torch.linear(x, weight, bias));
  }

  private static void requireOpen(Tensor x, Tensor weight) {
    CALL.requireOpen("x", x);
    CALL.requireOpen("weight", weight);
  }
}
