/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Parameters;
import org.jspecify.annotations.Nullable;

/** The deepest level of encoder and decoder: resnet, attention, resnet. */
final class VaeMidBlock {
  private final ResnetBlock before;
  private final @Nullable VaeAttention attention;
  private final ResnetBlock after;

  VaeMidBlock(Parameters parameters, VaeConfig config) {
    int width = config.deepestWidth();
    int groups = config.normGroups();
    before = ResnetBlock.untimed(parameters.at("resnets.0"), width, width, groups, Vae.EPS);
    attention =
        config.midAttention()
            ? new VaeAttention(parameters.at("attentions.0"), width, groups, Vae.EPS)
            : null;
    after = ResnetBlock.untimed(parameters.at("resnets.1"), width, width, groups, Vae.EPS);
  }

  /** x: [batch, channels, height, width] in, the same out. */
  Tensor forward(Tensor x) {
    Tensor hidden = before.forward(x);
    if (attention != null) {
      hidden = attention.forward(hidden);
    }
    return after.forward(hidden);
  }
}
