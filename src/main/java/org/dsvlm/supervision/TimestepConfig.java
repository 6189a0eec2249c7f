/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;

/**
 * Where a picture's timestep is drawn, and how much its reconstruction counts there. Every range is
 * a share of the schedule's length and is cut out of the DDIM grid.
 *
 * @param minFraction lower end of the range
 * @param maxFraction upper end
 * @param density how likely each timestep of the range is
 * @param logitMean of the logit-normal density, the mean of the normal number behind it
 * @param logitStd its standard deviation
 * @param weighting how much the comparison of pictures counts at a timestep, on top of the density
 * @param maxAmplification the most by which an error of ε̂ may be amplified in the gradient of x̂0,
 *     for a network that predicts ε; 0: no bound
 * @param epsilon the pictures that are drawn for the noise's loss alone
 */
public record TimestepConfig(
    double minFraction,
    double maxFraction,
    Density density,
    double logitMean,
    double logitStd,
    Weighting weighting,
    double maxAmplification,
    Epsilon epsilon) {
  static final List<String> KEYS =
      List.of(
          "min_fraction",
          "max_fraction",
          "density",
          "logit_mean",
          "logit_std",
          "weighting",
          "max_amplification",
          "epsilon");

  /** How likely the timesteps of a range are. */
  public enum Density {
    /** All alike. */
    UNIFORM,
    /** In proportion to the place in the range: the noisiest timestep is the likeliest. */
    TOWARD_NOISE,
    /** By the logit-normal distribution of the place in the range (Esser et al. 2024). */
    LOGIT_NORMAL
  }

  /**
   * Weights of the comparison of pictures by timestep, each scaled to a mean of 1 over the density.
   */
  public enum Weighting {
    /** 1. */
    NONE,
    /** The signal-to-noise ratio ᾱ/(1−ᾱ): an error of x̂0 counts like the error of ε̂ behind it. */
    SNR,
    /** The same, at most 5 (Hang et al. 2023). */
    MIN_SNR,
    /**
     * 1/(1−ᾱ): one over the variance that x0 of variance 1 has, given x_t, for the best linear
     * estimate. An error counts in proportion to what cannot be helped.
     */
    X0_VARIANCE
  }

  /**
   * A share of the pictures whose timesteps come evenly from a range of their own and which count
   * in the noise's loss alone, so that a UNet that trains along learns every timestep by the one
   * pass that each picture has anyway.
   *
   * @param share of all pictures
   * @param minFraction lower end of their range
   * @param maxFraction upper end
   */
  public record Epsilon(double share, double minFraction, double maxFraction) {
    public Epsilon {
      if (!(share >= 0 && share < 1)) {
        throw new DsVlmException(
            "supervision: timesteps.epsilon.share has to lie in [0, 1), not " + share);
      }
      requireRange("timesteps.epsilon.", minFraction, maxFraction);
    }
  }

  public TimestepConfig {
    requireRange("timesteps.", minFraction, maxFraction);
    if (!(logitStd > 0) || !Double.isFinite(logitMean) || Double.isInfinite(logitStd)) {
      throw new DsVlmException(
          "supervision: timesteps.logit_std has to be above 0 and logit_mean finite, not "
              + logitStd
              + " and "
              + logitMean);
    }
    if (!(maxAmplification >= 0) || Double.isInfinite(maxAmplification)) {
      throw new DsVlmException(
          "supervision: timesteps.max_amplification has to be a number from 0 up, not "
              + maxAmplification);
    }
  }

  private static void requireRange(String section, double min, double max) {
    if (!(min >= 0 && min < max && max <= 1)) {
      throw new DsVlmException(
          "supervision: "
              + section
              + "min_fraction and max_fraction need 0 ≤ min < max ≤ 1, not "
              + min
              + " and "
              + max);
    }
  }

  /** As {@code docs/choices.md} says. */
  static TimestepConfig defaults() {
    return new TimestepConfig(
        0.6, 1, Density.UNIFORM, 0, 1, Weighting.NONE, 5, new Epsilon(0, 0, 1));
  }

  /** Reads the section {@code timesteps}; absent keys take those of {@code absent}. */
  static TimestepConfig parse(JsonConfig fields, TimestepConfig absent) {
    JsonConfig epsilon = fields.child("epsilon");
    return new TimestepConfig(
        fields.number("min_fraction", absent.minFraction),
        fields.number("max_fraction", absent.maxFraction),
        constant(fields, "density", Density.values(), absent.density),
        fields.number("logit_mean", absent.logitMean),
        fields.number("logit_std", absent.logitStd),
        constant(fields, "weighting", Weighting.values(), absent.weighting),
        fields.number("max_amplification", absent.maxAmplification),
        new Epsilon(
            epsilon.number("share", absent.epsilon.share),
            epsilon.number("min_fraction", absent.epsilon.minFraction),
            epsilon.number("max_fraction", absent.epsilon.maxFraction)));
  }

  /** The constant whose name in recipes ({@code toward-noise}) stands at {@code key}. */
  static <E extends Enum<E>> E constant(JsonConfig fields, String key, E[] known, E absent) {
    String name = fields.text(key, name(absent));
    for (E constant : known) {
      if (name(constant).equals(name)) {
        return constant;
      }
    }
    List<String> names = Arrays.stream(known).map(TimestepConfig::name).toList();
    throw fields.error(key, "is '" + name + "'; known: " + String.join(", ", names));
  }

  /** {@code toward-noise} for {@code TOWARD_NOISE}. */
  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
