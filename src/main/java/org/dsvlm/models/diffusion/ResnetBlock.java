/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.GroupNorm;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Two convolutions with a residual path: {@code shortcut(x) +
 * conv2(silu(norm2(conv1(silu(norm1(x))) + time)))}, the shortcut being a 1×1 convolution where the
 * width changes.
 */
final class ResnetBlock {
  private final GroupNorm norm1;
  private final Conv2d conv1;
  private final @Nullable Linear timeProjection;
  private final GroupNorm norm2;
  private final Conv2d conv2;
  private final @Nullable Conv2d shortcut;

  private ResnetBlock(
      Parameters parameters, long in, long out, long timeWidth, long groups, double eps) {
    norm1 = new GroupNorm(parameters.at("norm1"), groups, in, eps);
    conv1 = Conv2d.withBias(parameters.at("conv1"), in, out, 3, 1, 1);
    timeProjection =
        timeWidth > 0 ? Linear.withBias(parameters.at("time_emb_proj"), timeWidth, out) : null;
    norm2 = new GroupNorm(parameters.at("norm2"), groups, out, eps);
    conv2 = Conv2d.withBias(parameters.at("conv2"), out, out, 3, 1, 1);
    shortcut = in == out ? null : Conv2d.withBias(parameters.at("conv_shortcut"), in, out, 1, 1, 0);
  }

  /** The UNet's block, which also reads the timestep. */
  static ResnetBlock timed(Parameters parameters, long in, long out, UNetConfig config) {
    return new ResnetBlock(
        parameters, in, out, config.timeWidth(), config.normGroups(), config.normEps());
  }

  /** The autoencoder's block. */
  static ResnetBlock untimed(Parameters parameters, long in, long out, long groups, double eps) {
    return new ResnetBlock(parameters, in, out, 0, groups, eps);
  }

  /** x: [batch, in, height, width]; time: [batch, timeWidth]; out: [batch, out, height, width]. */
  Tensor forward(Tensor x, Tensor time) {
    return Torch.tidy(
        () -> {
          Tensor hidden = conv1.forward(norm1.forwardSilu(x));
          Tensor shift = Objects.requireNonNull(timeProjection).forward(torch.silu(time));
          hidden = hidden.add(shift.unsqueeze(2).unsqueeze(3));
          return secondHalf(hidden, x);
        });
  }

  /** x: [batch, in, height, width] in, [batch, out, height, width] out. */
  Tensor forward(Tensor x) {
    return Torch.tidy(() -> secondHalf(conv1.forward(norm1.forwardSilu(x)), x));
  }

  private Tensor secondHalf(Tensor hidden, Tensor x) {
    Tensor residual = conv2.forward(norm2.forwardSilu(hidden));
    return (shortcut == null ? x : shortcut.forward(x)).add(residual);
  }
}
