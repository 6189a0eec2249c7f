/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.List;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Tensor;

/** Lets tests of other packages look at a UNet's inner outputs. */
public final class UNetProbe {
  private UNetProbe() {}

  /** {@link UNet#forward}; {@code observer} sees each part's output under the part's name. */
  public static Tensor forward(
      UNet unet,
      Tensor sample,
      Tensor timesteps,
      Tensor context,
      BiConsumer<String, Tensor> observer) {
    return unet.forward(sample, timesteps, List.of(context), observer);
  }
}
