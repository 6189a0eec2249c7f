/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The diffusion model's reconstruction from the features, beside its target.
 *
 * @param picture [pictures, 3, height, width] in [-1, 1]
 * @param pictureHat the decoded reconstruction, not clamped; null where no loss asks for it
 * @param epsilon the noise that was added, [pictures, latent channels, h, w]; null where the
 *     picture is denoised from pure noise (unrolled)
 * @param epsilonHat the noise that the UNet sees; null like {@code epsilon}
 */
public record Reconstruction(
    Tensor picture,
    @Nullable Tensor pictureHat,
    @Nullable Tensor epsilon,
    @Nullable Tensor epsilonHat) {

  /** The decoded reconstruction, for a loss that compares pictures. */
  public Tensor requirePictureHat() {
    return Objects.requireNonNull(pictureHat, "a loss that compares pictures has to say so");
  }
}
