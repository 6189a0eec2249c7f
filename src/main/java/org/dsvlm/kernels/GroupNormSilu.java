/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/**
 * Group normalisation (Wu and He 2018) followed by SiLU, as every residual block of a UNet and an
 * autoencoder begins, by the operator {@code dsvlm::group_norm_silu}: {@code silu(w (x − mean) /
 * √(variance + eps) + b)}, mean and variance over the channels and positions of a group.
 */
public final class GroupNormSilu {
  private static final OperatorCall CALL = new OperatorCall("dsvlm::group_norm_silu");

  private GroupNormSilu() {}

  /**
   * The normalised and activated map.
   *
   * @param x [batch, channels, …], of any strides
   * @param weight [channels]
   * @param bias [channels]
   * @param groups divides the channels
   * @return like {@code x}, contiguous; differentiable once in {@code x}, {@code weight} and {@code
   *     bias}
   * @throws org.dsvlm.io.DsVlmException if shapes, types or devices do not fit
   */
  public static Tensor forward(Tensor x, Tensor weight, Tensor bias, long groups, double eps) {
    requireOpen(x, weight, bias);
    if (!Kernels.areNativeFor(x)) {
      return reference(x, weight, bias, groups, eps);
    }
    return CALL.run(() -> NativeOps.group_norm_silu(x, weight, bias, groups, eps));
  }

  /** The same in LibTorch's own operators. */
  public static Tensor reference(Tensor x, Tensor weight, Tensor bias, long groups, double eps) {
    requireOpen(x, weight, bias);
    return CALL.run(
        () -> {
          checkArguments(x, weight, bias, groups, eps);
          return torch.silu(
              torch.group_norm(
                  x, groups, new TensorOptional(weight), new TensorOptional(bias), eps, false));
        });
  }

  private static void requireOpen(Tensor x, Tensor weight, Tensor bias) {
    CALL.requireOpen("input", x);
    CALL.requireOpen("weight", weight);
    CALL.requireOpen("bias", bias);
  }

  private static void checkArguments(
      Tensor x, Tensor weight, Tensor bias, long groups, double eps) {
    CALL.requireFloating("input", x);
    CALL.require(
        x.dim() >= 2,
        "input must be [batch, channels, ...], but has shape " + Arrays.toString(Torch.shape(x)));
    long channels = x.size(1);
    CALL.requireShape("weight", weight, "[channels]", channels);
    CALL.requireLike("weight", weight, "input", x);
    CALL.requireShape("bias", bias, "[channels]", channels);
    CALL.requireLike("bias", bias, "input", x);
    CALL.require(
        groups > 0 && channels % groups == 0,
        "groups must divide the " + channels + " channels of input, but is " + groups);
    CALL.require(eps >= 0, "eps must not be negative, but is " + eps);
  }
}
