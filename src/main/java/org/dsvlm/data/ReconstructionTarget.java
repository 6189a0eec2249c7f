/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;

/**
 * The picture as the diffusion reconstructs it: a square of a given size, levels in [−1, 1]. Safe
 * for use by several threads.
 */
public final class ReconstructionTarget {
  private final ImageProcessor processor;

  /**
   * A maker of targets.
   *
   * @param side width and height in pixels
   */
  public ReconstructionTarget(int side) {
    processor = ImageProcessor.square(side);
  }

  /**
   * The target.
   *
   * @param seen the picture as the encoder sees it (see {@link ImageProcessor#resized}): parts that
   *     were cut off before the encoder are not asked for
   * @return float32 [3, side, side]
   */
  public Tensor of(Picture seen) {
    return processor.pixelValues(seen);
  }
}
