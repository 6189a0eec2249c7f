/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.Prediction;
import org.dsvlm.tensor.DeviceConstant;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * What depends on the timestep in a one-step reconstruction: how much its comparison counts, and
 * how far its gradient may be amplified.
 */
final class TimestepWeights {
  /** γ of min-SNR (Hang et al. 2023). */
  private static final double MIN_SNR_GAMMA = 5;

  /** By timestep; null where all count alike. */
  private final @Nullable DeviceConstant weights;

  /** By timestep, the factor of x̂0's gradient, at most 1; null without a bound. */
  private final @Nullable DeviceConstant gradientFactors;

  TimestepWeights(NoiseSchedule schedule, TimestepConfig config, TimestepDistribution drawn) {
    double[] alphas =
        IntStream.range(0, schedule.trainTimesteps()).mapToDouble(schedule::alphaCumprod).toArray();
    weights =
        config.weighting() == TimestepConfig.Weighting.NONE
            ? null
            : table(
                scaled(
                    Arrays.stream(alphas).map(alpha -> weight(config.weighting(), alpha)).toArray(),
                    drawn));
    gradientFactors =
        config.maxAmplification() == 0 || schedule.prediction() != Prediction.EPSILON
            ? null
            : table(
                Arrays.stream(alphas)
                    .map(alpha -> config.maxAmplification() * Math.sqrt(alpha / (1 - alpha)))
                    .map(factor -> Math.min(1, factor))
                    .toArray());
  }

  private static DeviceConstant table(double[] byTimestep) {
    return DeviceConstant.of(byTimestep, byTimestep.length);
  }

  private static double weight(TimestepConfig.Weighting weighting, double alpha) {
    double snr = alpha / (1 - alpha);
    return switch (weighting) {
      case NONE -> 1;
      case SNR -> snr;
      case MIN_SNR -> Math.min(snr, MIN_SNR_GAMMA);
      case X0_VARIANCE -> 1 / (1 - alpha);
    };
  }

  /** To a mean of 1 over what is drawn. */
  private static double[] scaled(double[] weights, TimestepDistribution drawn) {
    double mean = 0;
    for (int i = 0; i < drawn.timesteps().length; i++) {
      mean += drawn.probabilities()[i] * weights[(int) drawn.timesteps()[i]];
    }
    double divisor = mean;
    return Arrays.stream(weights).map(weight -> weight / divisor).toArray();
  }

  /** Whether any timestep counts otherwise than 1. */
  boolean weigh() {
    return weights != null;
  }

  /** {@code perSample} [pictures], each times the weight of its timestep. */
  Tensor weighed(Tensor perSample, Tensor timesteps) {
    return weights == null ? perSample : perSample.mul(at(weights, timesteps, perSample));
  }

  /**
   * {@code x0Hat} [pictures, channels, h, w] with the same values, its gradient times min(1, κ
   * √ᾱ/√(1−ᾱ)): an error of ε̂ is amplified by √(1−ᾱ)/√ᾱ, which is κ then at most.
   */
  Tensor bounded(Tensor x0Hat, Tensor timesteps) {
    if (gradientFactors == null || !x0Hat.requires_grad()) {
      return x0Hat;
    }
    return Torch.tidy(
        () -> {
          Tensor value = x0Hat.detach();
          Tensor factor = at(gradientFactors, timesteps, x0Hat).view(-1, 1, 1, 1);
          return value.add(x0Hat.sub(value).mul(factor));
        });
  }

  private static Tensor at(DeviceConstant table, Tensor timesteps, Tensor like) {
    return Torch.tidy(
        () ->
            table
                .on(like.device(), ScalarType.Double)
                .index_select(0, timesteps)
                .to(like.scalar_type()));
  }
}
