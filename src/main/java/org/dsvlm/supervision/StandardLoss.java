/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.jspecify.annotations.Nullable;

/** The reconstruction losses of this library, a row each: what it needs, builds and costs. */
enum StandardLoss implements NamedLoss {
  MAE(Compares.PICTURES, network -> new ReconstructionLoss.MeanAbsolute(), LossCost::difference),
  SSIM(Compares.PICTURES, network -> new ReconstructionLoss.Structural(), LossCost::difference),
  PERCEPTUAL(Compares.FEATURES, ReconstructionLoss.Perceptual::new, cost -> cost.network(5)),
  VGG_L1(Compares.FEATURES, ReconstructionLoss.VggDifference::new, cost -> cost.network(3)),
  EPSILON(Compares.NOISE, network -> new ReconstructionLoss.Epsilon(), LossCost::difference);

  /** The quantities that a loss compares; features are the perceptual network's of the pictures. */
  private enum Compares {
    PICTURES,
    FEATURES,
    NOISE
  }

  private final Compares compares;
  private final Function<@Nullable PerceptualNetwork, ReconstructionLoss> build;
  private final Consumer<LossCost> cost;

  StandardLoss(
      Compares compares,
      Function<@Nullable PerceptualNetwork, ReconstructionLoss> build,
      Consumer<LossCost> cost) {
    this.compares = compares;
    this.build = build;
    this.cost = cost;
  }

  @Override
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public boolean needsNetwork() {
    return compares == Compares.FEATURES;
  }

  @Override
  public boolean comparesPictures() {
    return compares != Compares.NOISE;
  }

  @Override
  public boolean comparesNoise() {
    return compares == Compares.NOISE;
  }

  @Override
  public ReconstructionLoss build(@Nullable PerceptualNetwork network) {
    return build.apply(network);
  }

  @Override
  public void cost(LossCost into) {
    cost.accept(into);
  }
}
