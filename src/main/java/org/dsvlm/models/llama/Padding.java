/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The effect of padding on a decoder: each token's position and the keys it sees. Padding at the
 * end has none, since no token sees a later one.
 */
final class Padding {
  private Padding() {}

  /**
   * Positions of {@code tokens} new tokens: int64 [tokens], or [batch, tokens] where they differ.
   */
  static Tensor positions(@Nullable Tensor attentionMask, long past, long tokens, Device device) {
    if (attentionMask == null || atEndOnly(attentionMask)) {
      return torch.arange(
          Torch.scalar(past), Torch.scalar(past + tokens), options(ScalarType.Long, device));
    }
    Tensor mask = attentionMask.to(device, attentionMask.scalar_type());
    Tensor counted = mask.cumsum(1).sub(new Scalar(1L)).clamp_min(new Scalar(0L));
    return counted.narrow(1, past, tokens);
  }

  /**
   * Which keys each new token sees, bool [batch or 1, 1, tokens, past + tokens]; nothing where that
   * is every key up to its own.
   */
  static @Nullable Tensor visibility(
      @Nullable Tensor attentionMask, long past, long tokens, Device device) {
    boolean plain = attentionMask == null || atEndOnly(attentionMask);
    if (plain && (past == 0 || tokens == 1)) {
      return null;
    }
    Tensor all = torch.ones(new long[] {tokens, past + tokens}, options(ScalarType.Bool, device));
    Tensor causal = all.tril(past);
    if (attentionMask == null || plain) {
      return causal.unsqueeze(0).unsqueeze(0);
    }
    Tensor present = attentionMask.to(device, ScalarType.Bool).unsqueeze(1).unsqueeze(1);
    // A padding token sees itself: a softmax over no key at all has no value.
    Tensor itself = causal.logical_and(all.tril(past - 1).logical_not());
    return causal.logical_and(present).logical_or(itself);
  }

  private static boolean atEndOnly(Tensor mask) {
    long width = mask.size(1);
    return mask.narrow(1, 1, width - 1).le(mask.narrow(1, 0, width - 1)).all().item_bool();
  }

  private static TensorOptions options(ScalarType dtype, Device device) {
    return new TensorOptions()
        .dtype(new ScalarTypeOptional(dtype))
        .device(new DeviceOptional(device));
  }
}
