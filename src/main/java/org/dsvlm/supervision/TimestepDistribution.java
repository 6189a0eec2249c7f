/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.tensor.RandomState;

/**
 * The timesteps that can be drawn, in rising order, and how likely each is.
 *
 * @param probabilities of each; sums to 1
 */
record TimestepDistribution(long[] timesteps, double[] probabilities, boolean even) {

  /**
   * The timesteps of {@code grid} between two shares of the schedule, all alike.
   *
   * @param grid in rising order
   * @param key of the range, for messages
   * @throws DsVlmException if none lies in the range
   */
  static TimestepDistribution uniform(
      NoiseSchedule schedule, long[] grid, double minFraction, double maxFraction, String key) {
    return of(schedule, grid, minFraction, maxFraction, key, share -> 1);
  }

  /** The timesteps that the reconstruction is drawn at. */
  static TimestepDistribution of(NoiseSchedule schedule, long[] grid, TimestepConfig config) {
    return of(
        schedule,
        grid,
        config.minFraction(),
        config.maxFraction(),
        "timesteps",
        switch (config.density()) {
          case UNIFORM -> share -> 1;
          case TOWARD_NOISE -> share -> share;
          case LOGIT_NORMAL -> share -> logitNormal(share, config.logitMean(), config.logitStd());
        });
  }

  /** Density of a timestep, up to a factor, by the middle of its place in the range, in (0, 1). */
  @FunctionalInterface
  private interface ByPlace {
    double at(double share);
  }

  private static TimestepDistribution of(
      NoiseSchedule schedule,
      long[] grid,
      double minFraction,
      double maxFraction,
      String key,
      ByPlace density) {
    int length = schedule.trainTimesteps();
    long[] timesteps =
        Arrays.stream(grid)
            .filter(t -> t >= minFraction * length && t <= maxFraction * length)
            .toArray();
    if (timesteps.length == 0) {
      throw new DsVlmException(
          "supervision: "
              + key
              + " from "
              + minFraction
              + " to "
              + maxFraction
              + " leaves no timestep of a grid of "
              + grid.length
              + " steps; widen it, or raise reconstruction.steps");
    }
    double[] probabilities = new double[timesteps.length];
    for (int i = 0; i < timesteps.length; i++) {
      probabilities[i] = density.at((i + 0.5) / timesteps.length);
    }
    double sum = Arrays.stream(probabilities).sum();
    boolean even = Arrays.stream(probabilities).allMatch(p -> p == probabilities[0]);
    return new TimestepDistribution(
        timesteps, Arrays.stream(probabilities).map(p -> p / sum).toArray(), even);
  }

  private static double logitNormal(double share, double mean, double std) {
    double z = (Math.log(share / (1 - share)) - mean) / std;
    return Math.exp(-z * z / 2) / (share * (1 - share));
  }

  /** The timestep at which the probabilities of those up to it first exceed {@code share}. */
  long quantile(double share) {
    double sum = 0;
    for (int i = 0; i < timesteps.length; i++) {
      sum += probabilities[i];
      if (sum > share) {
        return timesteps[i];
      }
    }
    return timesteps[timesteps.length - 1];
  }

  /** The draw of one picture. */
  long draw(RandomState state) {
    if (even) {
      return timesteps[(int) state.below(timesteps.length)];
    }
    double rest = state.unit();
    for (int i = 0; i < timesteps.length - 1; i++) {
      rest -= probabilities[i];
      if (rest < 0) {
        return timesteps[i];
      }
    }
    return timesteps[timesteps.length - 1];
  }
}
