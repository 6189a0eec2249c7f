/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;

/**
 * The encoder's Gaussian over latents; scaling factor not applied.
 *
 * @param mean [batch, latentChannels, height, width]
 * @param logvar logarithm of the variance, of the same shape
 */
public record Moments(Tensor mean, Tensor logvar) {
  /** mean + standard deviation · noise; noise: standard normal, of the same shape. */
  public Tensor sample(Tensor noise) {
    return Torch.tidy(() -> logvar.mul(Torch.scalar(0.5)).exp().mul(noise).add(mean));
  }
}
