/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.List;
import java.util.stream.Stream;
import org.dsvlm.io.Services;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.jspecify.annotations.Nullable;

/**
 * A reconstruction loss that recipes can name. Those of this library are {@link StandardLoss}; any
 * that {@link java.util.ServiceLoader} finds under this interface join them, for which a class has
 * to be public with a public constructor without arguments.
 */
public interface NamedLoss {
  /** Its name in a {@link LossExpression}: letters, digits and underscores. */
  String key();

  /** Whether a {@link PerceptualNetwork} is needed to compute it. */
  default boolean needsNetwork() {
    return false;
  }

  /** Whether it compares pictures; if nothing does, the VAE's decoder need not run. */
  default boolean comparesPictures() {
    return true;
  }

  /** Whether it compares the predicted noise, which an unrolled reconstruction cannot offer. */
  default boolean comparesNoise() {
    return false;
  }

  /**
   * The loss.
   *
   * @param network null where {@link #needsNetwork()} is false
   */
  ReconstructionLoss build(@Nullable PerceptualNetwork network);

  /** Writes its operations down. */
  void cost(LossCost cost);

  /** Every loss that can be named, this library's first. */
  static List<NamedLoss> all() {
    return Stream.concat(Stream.of(StandardLoss.values()), Services.load(NamedLoss.class).stream())
        .toList();
  }
}
