/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * One level of the up path: before each resnet the matching hidden state of the down path joins the
 * channels; after it comes a transformer where the level attends.
 */
final class UpBlock {
  private final List<ResnetBlock> resnets = new ArrayList<>();
  private final List<SpatialTransformer> transformers = new ArrayList<>();
  private final @Nullable Upsample upsampler;

  /**
   * {@code skipWidths}: the remaining widths of the down path, from whose end this block removes
   * its own.
   */
  UpBlock(Parameters parameters, UNetConfig config, int index, Deque<Integer> skipWidths) {
    int level = config.levels() - 1 - index;
    int out = config.channels().get(level);
    int width = config.channels().get(Math.min(level + 1, config.levels() - 1));
    for (int i = 0; i < config.layersPerBlock() + 1; i++) {
      int in = width + skipWidths.removeLast();
      resnets.add(ResnetBlock.timed(parameters.at("resnets").at(i), in, out, config));
      if (config.upAttention().get(index)) {
        transformers.add(
            new SpatialTransformer(parameters.at("attentions").at(i), config.transformer(level)));
      }
      width = out;
    }
    upsampler = level == 0 ? null : new Upsample(parameters.at("upsamplers.0"), out);
  }

  /**
   * x: [batch, in, height, width] in, [batch, out, 2 height, 2 width] out (the widest level keeps
   * its size); takes its hidden states off the end of {@code skips}.
   */
  Tensor forward(Tensor x, Tensor time, List<Tensor> contexts, Deque<Tensor> skips) {
    Tensor hidden = x;
    for (int i = 0; i < resnets.size(); i++) {
      Tensor joined = Torch.cat(1, hidden, skips.removeLast());
      hidden = resnets.get(i).forward(joined, time);
      if (!transformers.isEmpty()) {
        hidden = transformers.get(i).forward(hidden, contexts);
      }
    }
    if (upsampler == null) {
      return hidden;
    }
    // Twice the size, or one less where the down path halved an odd side.
    Tensor next = skips.getLast();
    return upsampler.forward(hidden, next.size(2), next.size(3));
  }

  List<SpatialTransformer> transformers() {
    return transformers;
  }
}
