/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Says that the supervision of a run can teach next to nothing. */
public final class ConditionUseWarning {
  /** Below this share the features hardly matter to the reconstruction. */
  private static final double LOWEST = 0.01;

  private ConditionUseWarning() {}

  /**
   * The warning, if the mean over the later half of the measurements is below 1 %.
   *
   * @param uses the run's condition use at each measurement, in order
   */
  public static Optional<String> of(double[] uses) {
    double mean = Arrays.stream(uses).skip(uses.length / 2).average().orElse(LOWEST);
    if (mean >= LOWEST) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "condition use stays at %.2f %%: with another picture's features the diffusion model"
                + " reconstructs as well, so its loss teaches the encoder next to nothing. Draw"
                + " timesteps nearer to pure noise (supervision.timesteps.min_fraction=0.6 and"
                + " max_fraction=1.0), give adapters and experts more steps, or look for a feature"
                + " that alone gives the picture away; docs/instruments.md explains each",
            100 * mean));
  }
}
