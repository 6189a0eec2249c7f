/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** The operations of Stable Diffusion's autoencoder. */
final class VaeCost {
  private final Tape tape;
  private final VaeConfig config;
  private final double pictures;
  private final boolean trained;

  VaeCost(Tape tape, VaeConfig config, double pictures, boolean trained) {
    this.tape = tape;
    this.config = config;
    this.pictures = pictures;
    this.trained = trained;
  }

  /** Writes down the encoder's, for pictures of {@code side} times {@code side}. */
  void encode(int side) {
    tape.enter(Part.VAE, false);
    if (!trained) {
      tape.withoutGraph();
    }
    int at = side;
    double width = config.channels().get(0);
    tape.convolution(pictures, at, at, config.inChannels(), width, 3, 1, trained);
    for (int level = 0; level < config.channels().size(); level++) {
      double out = config.channels().get(level);
      for (int i = 0; i < config.layersPerBlock(); i++) {
        resnet(at, width, out);
        width = out;
      }
      if (level < config.channels().size() - 1) {
        tape.pointwise(2 * map(at) * width, 1, 2 * map(at) * width, 1, 0);
        at /= 2;
        tape.convolution(pictures, at, at, width, width, 3, 2, trained);
      }
    }
    middle(at, width);
    normSilu(at, width);
    double moments = 2.0 * config.latentChannels();
    tape.convolution(pictures, at, at, width, moments, 3, 1, trained);
    tape.convolution(pictures, at, at, moments, moments, 1, 1, trained);
  }

  /** Writes down the decoder's; the latents have a gradient. */
  void decode(int side) {
    tape.enter(Part.VAE, true);
    int at = side / config.reduction();
    int levels = config.channels().size();
    double latent = config.latentChannels();
    double width = config.channels().get(levels - 1);
    tape.convolution(pictures, at, at, latent, latent, 1, 1, trained);
    tape.convolution(pictures, at, at, latent, width, 3, 1, trained);
    middle(at, width);
    for (int level = levels - 1; level >= 0; level--) {
      double out = config.channels().get(level);
      for (int i = 0; i <= config.layersPerBlock(); i++) {
        resnet(at, width, out);
        width = out;
      }
      if (level > 0) {
        at *= 2;
        tape.pointwise(1.25 * map(at) * width, 1, 1.25 * map(at) * width, 1, 0);
        tape.convolution(pictures, at, at, width, width, 3, 1, trained);
      }
    }
    normSilu(at, width);
    tape.convolution(pictures, at, at, width, config.outChannels(), 3, 1, trained);
  }

  private void normSilu(int side, double width) {
    tape.groupNormSilu(pictures, width, (double) side * side, config.normGroups(), trained);
  }

  private double map(int side) {
    return pictures * side * side;
  }

  private void middle(int side, double width) {
    resnet(side, width, width);
    if (config.midAttention()) {
      double positions = (double) side * side;
      tape.groupNorm(pictures, width, positions, config.normGroups(), trained);
      tape.transposition(pictures, width, positions);
      tape.linears(map(side), width, true, trained, width, width, width);
      tape.attention(pictures, 1, 1, positions, positions, width);
      tape.keptAlready().linear(map(side), width, width, true, trained);
      tape.transposition(pictures, width, positions);
      tape.add(map(side) * width);
    }
    resnet(side, width, width);
  }

  private void resnet(int side, double in, double out) {
    normSilu(side, in);
    tape.convolution(pictures, side, side, in, out, 3, 1, trained);
    normSilu(side, out);
    tape.convolution(pictures, side, side, out, out, 3, 1, trained);
    if (in != out) {
      tape.keptAlready().convolution(pictures, side, side, in, out, 1, 1, trained);
    }
    tape.add(map(side) * out);
  }
}
