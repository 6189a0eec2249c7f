/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.List;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * Stable Diffusion's autoencoder: pictures of 8 × 8 pixels (or as many as it has levels for) to one
 * latent and back. Parameters bear diffusers' names; for checkpoints that use the older names of
 * the attention see {@link VaeWeights}.
 */
public final class Vae {
  /** Of every group norm. */
  static final double EPS = 1e-6;

  private static final double LOWEST_LOGVAR = -30;
  private static final double HIGHEST_LOGVAR = 20;

  private final VaeEncoder encoder;
  private final Conv2d quantConv;
  private final Conv2d postQuantConv;
  private final VaeDecoder decoder;
  private final VaeConfig config;

  public Vae(Parameters vae, VaeConfig config) {
    this.config = config;
    int latent = config.latentChannels();
    encoder = new VaeEncoder(vae.at("encoder"), config);
    quantConv = Conv2d.withBias(vae.at("quant_conv"), 2 * latent, 2 * latent, 1, 1, 0);
    postQuantConv = Conv2d.withBias(vae.at("post_quant_conv"), latent, latent, 1, 1, 0);
    decoder = new VaeDecoder(vae.at("decoder"), config);
  }

  /** picture: [batch, colours, height, width] in [−1, 1]; sides are multiples of the reduction. */
  public Moments encode(Tensor picture) {
    List<Tensor> moments =
        Torch.tidyAll(
            () -> {
              Tensor both = quantConv.forward(encoder.forward(picture));
              int latent = config.latentChannels();
              Tensor logvar = both.narrow(1, latent, latent);
              return List.of(
                  both.narrow(1, 0, latent),
                  logvar.clamp(
                      new ScalarOptional(Torch.scalar(LOWEST_LOGVAR)),
                      new ScalarOptional(Torch.scalar(HIGHEST_LOGVAR))));
            });
    return new Moments(moments.get(0), moments.get(1));
  }

  /**
   * latents: [batch, latentChannels, height', width'], already divided by the scaling factor; out:
   * [batch, colours, height, width], nominally in [−1, 1], not clamped.
   */
  public Tensor decode(Tensor latents) {
    return Torch.tidy(() -> decoder.forward(postQuantConv.forward(latents)));
  }

  /** Latents that the diffusion works on are the encoder's times this. */
  public double scalingFactor() {
    return config.scalingFactor();
  }

  public VaeConfig config() {
    return config;
  }
}
