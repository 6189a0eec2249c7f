/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/** Nearest-neighbour enlargement, then a 3×3 convolution. */
final class Upsample {
  private final Conv2d conv;

  Upsample(Parameters parameters, long channels) {
    conv = Conv2d.withBias(parameters.at("conv"), channels, channels, 3, 1, 1);
  }

  /** x: [batch, channels, ., .] in, [batch, channels, height, width] out. */
  Tensor forward(Tensor x, long height, long width) {
    return Torch.tidy(() -> conv.forward(torch.upsample_nearest2d(x, new long[] {height, width})));
  }

  /** x: [batch, channels, height, width] in, [batch, channels, 2 height, 2 width] out. */
  Tensor forward(Tensor x) {
    return forward(x, 2 * x.size(2), 2 * x.size(3));
  }
}
