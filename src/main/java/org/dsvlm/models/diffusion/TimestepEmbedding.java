/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.DeviceConstant;
import org.dsvlm.tensor.Torch;

/** The timestep as sinusoids (Vaswani et al. 2017, section 3.5) through a two-layer network. */
final class TimestepEmbedding {
  private static final double LONGEST_PERIOD = 10_000;

  private final Linear linear1;
  private final Linear linear2;
  private final DeviceConstant frequencies;
  private final boolean cosineFirst;

  TimestepEmbedding(Parameters parameters, UNetConfig config) {
    int sinusoids = config.channels().get(0);
    this.linear1 = Linear.withBias(parameters.at("linear_1"), sinusoids, config.timeWidth());
    this.linear2 =
        Linear.withBias(parameters.at("linear_2"), config.timeWidth(), config.timeWidth());
    this.cosineFirst = config.flipSinToCos();
    int half = sinusoids / 2;
    double rate = -Math.log(LONGEST_PERIOD) / (half - config.frequencyShift());
    this.frequencies =
        new DeviceConstant(
            () ->
                torch
                    .arange(Torch.scalar(half), Torch.options(ScalarType.Double))
                    .mul(Torch.scalar(rate))
                    .exp());
  }

  /** timesteps: [batch] int64 in, [batch, timeWidth] of {@code dtype} out. */
  Tensor forward(Tensor timesteps, ScalarType dtype) {
    return Torch.tidy(
        () -> {
          Tensor hidden = linear1.forward(sinusoids(timesteps).to(dtype));
          return linear2.forward(torch.silu(hidden));
        });
  }

  /**
   * sin and cos of t · period^(−i / (half − shift)), i below half. In float64: at t near 1000
   * float32 would leave the angle only four decimals.
   */
  private Tensor sinusoids(Tensor timesteps) {
    Tensor wide = timesteps.to(ScalarType.Double);
    Tensor angles = wide.unsqueeze(1).mul(frequencies.on(wide));
    Tensor sine = angles.sin();
    Tensor cosine = angles.cos();
    return cosineFirst ? Torch.cat(1, cosine, sine) : Torch.cat(1, sine, cosine);
  }
}
