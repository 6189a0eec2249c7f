/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/**
 * Deterministic sampling (DDIM, Song et al. 2021, equation 12 with η = 0). Gradients pass through
 * it.
 */
public final class DdimSampler {
  private final NoiseSchedule schedule;
  private final long[] timesteps;

  /** Timesteps that the steps lead to; below 0 for the last. */
  private final Map<Long, Long> targets = new HashMap<>();

  /** A sampler of {@code steps} steps over {@code schedule}. */
  public DdimSampler(NoiseSchedule schedule, int steps) {
    this.schedule = schedule;
    this.timesteps = schedule.samplingTimesteps(steps);
    long stride = schedule.trainTimesteps() / steps;
    for (long timestep : timesteps) {
      targets.put(timestep, timestep - stride);
    }
  }

  /**
   * A sampler of {@code steps} steps, from the noisiest of {@code gridSteps} steps on: every so
   * many of their timesteps, so that even a single step starts where there is least of the picture.
   *
   * @param gridSteps at least {@code steps}
   */
  public DdimSampler(NoiseSchedule schedule, int steps, int gridSteps) {
    this.schedule = schedule;
    long[] grid = schedule.samplingTimesteps(gridSteps);
    this.timesteps =
        IntStream.range(0, steps).mapToLong(i -> grid[i * gridSteps / steps]).toArray();
    for (int i = 0; i < steps; i++) {
      targets.put(timesteps[i], i + 1 < steps ? timesteps[i + 1] : -1);
    }
  }

  /** Timesteps in the order they are visited, the noisiest first. */
  public long[] timesteps() {
    return timesteps.clone();
  }

  /**
   * {@code timestep} for every sample of a batch, int64 [batch], on the device of {@code sample}.
   */
  public static Tensor timesteps(long timestep, Tensor sample) {
    return Torch.tidy(
        () ->
            torch.full(
                new long[] {sample.size(0)},
                Torch.scalar(timestep),
                Torch.options(ScalarType.Long).device(new DeviceOptional(sample.device()))));
  }

  /**
   * One step down: x̂₀ and ε̂ as the network sees them now, mixed anew for the next timestep.
   *
   * @param modelOutput the network's output for {@code sample} at {@code timestep}
   * @param timestep one of {@link #timesteps()}
   * @param sample [batch, channels, height, width]
   * @return the less noisy sample
   */
  public Tensor step(Tensor modelOutput, long timestep, Tensor sample) {
    return Torch.tidy(
        () -> {
          Tensor now = timesteps(timestep, sample);
          Tensor x0 = schedule.predictOriginal(sample, modelOutput, now);
          Tensor epsilon = schedule.predictEpsilon(sample, modelOutput, now);
          double alpha = schedule.targetAlpha(Objects.requireNonNull(targets.get(timestep)));
          return x0.mul(Torch.scalar(Math.sqrt(alpha)))
              .add(epsilon.mul(Torch.scalar(Math.sqrt(1 - alpha))));
        });
  }
}
