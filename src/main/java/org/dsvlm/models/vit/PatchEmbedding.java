/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/** Cuts a picture into square patches and projects each to the tower's width. */
final class PatchEmbedding {
  private final VitConfig config;
  private final Conv2d projection;

  PatchEmbedding(Parameters parameters, VitConfig config, Init init, boolean bias) {
    this.config = config;
    this.projection =
        Conv2d.of(
            parameters,
            init,
            config.channels(),
            config.hiddenSize(),
            config.patchSize(),
            config.patchSize(),
            0,
            bias);
  }

  /** pixelValues: [pictures, channels, height, width] in, [pictures, patches, width] out. */
  Tensor forward(Tensor pixelValues) {
    checkSize(pixelValues);
    Tensor patches = projection.forward(pixelValues.to(projection.weight().scalar_type()));
    return patches.flatten(2, 3).transpose(1, 2);
  }

  private void checkSize(Tensor pixelValues) {
    if (pixelValues.dim() != 4
        || pixelValues.size(1) != config.channels()
        || pixelValues.size(2) != config.imageSize()
        || pixelValues.size(3) != config.imageSize()) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "pixel values %s, but the vision tower takes [pictures, %d, %d, %d]; check that "
                  + "preprocessor_config.json belongs to config.json",
              Torch.describe(pixelValues),
              config.channels(),
              config.imageSize(),
              config.imageSize()));
    }
  }
}
