/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.GroupNorm;
import org.dsvlm.nn.Parameters;
import org.jspecify.annotations.Nullable;

/** Picture to the moments of its latents: levels of resnets, each but the last halving the side. */
final class VaeEncoder {
  private record Level(List<ResnetBlock> resnets, @Nullable Conv2d downsampler) {}

  private final Conv2d convIn;
  private final List<Level> levels = new ArrayList<>();
  private final VaeMidBlock midBlock;
  private final GroupNorm normOut;
  private final Conv2d convOut;

  VaeEncoder(Parameters parameters, VaeConfig config) {
    int in = config.channels().get(0);
    convIn = Conv2d.withBias(parameters.at("conv_in"), config.inChannels(), in, 3, 1, 1);
    for (int i = 0; i < config.channels().size(); i++) {
      int out = config.channels().get(i);
      levels.add(level(parameters.at("down_blocks").at(i), config, in, out));
      in = out;
    }
    midBlock = new VaeMidBlock(parameters.at("mid_block"), config);
    normOut = new GroupNorm(parameters.at("conv_norm_out"), config.normGroups(), in, Vae.EPS);
    int moments = 2 * config.latentChannels();
    convOut = Conv2d.withBias(parameters.at("conv_out"), in, moments, 3, 1, 1);
  }

  private Level level(Parameters parameters, VaeConfig config, int in, int out) {
    List<ResnetBlock> resnets = new ArrayList<>();
    for (int j = 0; j < config.layersPerBlock(); j++) {
      Parameters resnet = parameters.at("resnets").at(j);
      resnets.add(
          ResnetBlock.untimed(resnet, j == 0 ? in : out, out, config.normGroups(), Vae.EPS));
    }
    boolean deepest = levels.size() == config.channels().size() - 1;
    return new Level(
        resnets,
        deepest ? null : Conv2d.withBias(parameters.at("downsamplers.0.conv"), out, out, 3, 2, 0));
  }

  /** picture: [batch, colours, height, width]; out: [batch, 2 latentChannels, height', width']. */
  Tensor forward(Tensor picture) {
    Tensor hidden = convIn.forward(picture);
    for (Level level : levels) {
      for (ResnetBlock resnet : level.resnets()) {
        hidden = resnet.forward(hidden);
      }
      if (level.downsampler() != null) {
        // One more row below and column at the right, none above and at the left.
        Tensor padded = torch.constant_pad_nd(hidden, 0, 1, 0, 1);
        hidden = level.downsampler().forward(padded);
      }
    }
    return convOut.forward(normOut.forwardSilu(midBlock.forward(hidden)));
  }
}
