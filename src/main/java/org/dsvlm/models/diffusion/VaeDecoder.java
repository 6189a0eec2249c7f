/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.GroupNorm;
import org.dsvlm.nn.Parameters;
import org.jspecify.annotations.Nullable;

/** Latents to picture: levels of resnets, each but the last doubling the side. */
final class VaeDecoder {
  private record Level(List<ResnetBlock> resnets, @Nullable Upsample upsampler) {}

  private final Conv2d convIn;
  private final VaeMidBlock midBlock;
  private final List<Level> levels = new ArrayList<>();
  private final GroupNorm normOut;
  private final Conv2d convOut;

  VaeDecoder(Parameters parameters, VaeConfig config) {
    int in = config.deepestWidth();
    convIn = Conv2d.withBias(parameters.at("conv_in"), config.latentChannels(), in, 3, 1, 1);
    midBlock = new VaeMidBlock(parameters.at("mid_block"), config);
    int count = config.channels().size();
    for (int i = 0; i < count; i++) {
      int out = config.channels().get(count - 1 - i);
      levels.add(level(parameters.at("up_blocks").at(i), config, in, out));
      in = out;
    }
    normOut = new GroupNorm(parameters.at("conv_norm_out"), config.normGroups(), in, Vae.EPS);
    convOut = Conv2d.withBias(parameters.at("conv_out"), in, config.outChannels(), 3, 1, 1);
  }

  private Level level(Parameters parameters, VaeConfig config, int in, int out) {
    List<ResnetBlock> resnets = new ArrayList<>();
    for (int j = 0; j < config.layersPerBlock() + 1; j++) {
      Parameters resnet = parameters.at("resnets").at(j);
      resnets.add(
          ResnetBlock.untimed(resnet, j == 0 ? in : out, out, config.normGroups(), Vae.EPS));
    }
    boolean widest = levels.size() == config.channels().size() - 1;
    return new Level(resnets, widest ? null : new Upsample(parameters.at("upsamplers.0"), out));
  }

  /** latents: [batch, latentChannels, height', width']; out: [batch, colours, height, width]. */
  Tensor forward(Tensor latents) {
    Tensor hidden = midBlock.forward(convIn.forward(latents));
    for (Level level : levels) {
      for (ResnetBlock resnet : level.resnets()) {
        hidden = resnet.forward(hidden);
      }
      if (level.upsampler() != null) {
        hidden = level.upsampler().forward(hidden);
      }
    }
    return convOut.forward(normOut.forwardSilu(hidden));
  }
}
