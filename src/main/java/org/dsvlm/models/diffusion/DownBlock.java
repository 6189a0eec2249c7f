/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.Parameters;
import org.jspecify.annotations.Nullable;

/** One level of the down path: resnets, each followed by a transformer where the level attends. */
final class DownBlock {
  private final List<ResnetBlock> resnets = new ArrayList<>();
  private final List<SpatialTransformer> transformers = new ArrayList<>();
  private final @Nullable Conv2d downsampler;

  DownBlock(Parameters parameters, UNetConfig config, int level) {
    int out = config.channels().get(level);
    int in = config.channels().get(Math.max(0, level - 1));
    for (int i = 0; i < config.layersPerBlock(); i++) {
      Parameters resnet = parameters.at("resnets").at(i);
      resnets.add(ResnetBlock.timed(resnet, i == 0 ? in : out, out, config));
      if (config.downAttention().get(level)) {
        transformers.add(
            new SpatialTransformer(parameters.at("attentions").at(i), config.transformer(level)));
      }
    }
    boolean deepest = level == config.levels() - 1;
    downsampler =
        deepest ? null : Conv2d.withBias(parameters.at("downsamplers.0.conv"), out, out, 3, 2, 1);
  }

  /**
   * x: [batch, in, height, width] in, [batch, out, height / 2, width / 2] out (the deepest level
   * keeps its size); each intermediate hidden state and the result go to {@code skips}.
   */
  Tensor forward(Tensor x, Tensor time, List<Tensor> contexts, Consumer<Tensor> skips) {
    Tensor hidden = x;
    for (int i = 0; i < resnets.size(); i++) {
      hidden = resnets.get(i).forward(hidden, time);
      if (!transformers.isEmpty()) {
        hidden = transformers.get(i).forward(hidden, contexts);
      }
      skips.accept(hidden);
    }
    if (downsampler != null) {
      hidden = downsampler.forward(hidden);
      skips.accept(hidden);
    }
    return hidden;
  }

  List<SpatialTransformer> transformers() {
    return transformers;
  }
}
