/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Parameters;

/** The deepest level's bridge: resnet, transformer, resnet. */
final class MidBlock {
  private final ResnetBlock before;
  private final SpatialTransformer transformer;
  private final ResnetBlock after;

  MidBlock(Parameters parameters, UNetConfig config) {
    int deepest = config.levels() - 1;
    int width = config.channels().get(deepest);
    before = ResnetBlock.timed(parameters.at("resnets.0"), width, width, config);
    transformer =
        new SpatialTransformer(parameters.at("attentions.0"), config.transformer(deepest));
    after = ResnetBlock.timed(parameters.at("resnets.1"), width, width, config);
  }

  /** x: [batch, channels, height, width] in, the same out. */
  Tensor forward(Tensor x, Tensor time, List<Tensor> contexts) {
    return after.forward(transformer.forward(before.forward(x, time), contexts), time);
  }

  SpatialTransformer transformer() {
    return transformer;
  }
}
