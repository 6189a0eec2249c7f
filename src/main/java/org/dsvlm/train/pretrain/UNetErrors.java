/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * Mean squared errors of a denoising network, told of each picture what it shows, and told what the
 * next one shows.
 */
final class UNetErrors {
  private static final int AT_ONCE = 50;
  private static final int HALF_WAY = 500;

  private final UNet unet;
  private final NoiseSchedule schedule;

  UNetErrors(UNet unet, NoiseSchedule schedule) {
    this.unet = unet;
    this.schedule = schedule;
  }

  /**
   * Errors of one network.
   *
   * @param own told the picture's own
   * @param wrong told the next picture's
   */
  record Errors(double own, double wrong) {
    /** Adds {@code NAME_of_TOLD PART} and {@code NAME_of_wrong_TOLD PART} to the figures. */
    void into(Map<String, Double> figures, String name, String told, String part) {
      figures.put(name + "_of_" + told + " " + part, own);
      figures.put(name + "_of_wrong_" + told + " " + part, wrong);
    }
  }

  /** Of the noise, half way through. latents: scaled, [pictures, channels, side, side]. */
  Errors ofNoise(Tensor latents, Told told) {
    return errors(
        latents,
        told,
        HALF_WAY,
        (x0, noise, noisy, output, at) -> schedule.predictEpsilon(noisy, output, at).sub(noise));
  }

  /** Of the latents, estimated at the last timestep; latents as in {@link #ofNoise}. */
  Errors fromNoise(Tensor latents, Told told) {
    return errors(
        latents,
        told,
        schedule.trainTimesteps() - 1,
        (x0, noise, noisy, output, at) -> schedule.predictOriginal(noisy, output, at).sub(x0));
  }

  private interface Deviation {
    Tensor of(Tensor x0, Tensor noise, Tensor noisy, Tensor output, Tensor at);
  }

  private Errors errors(Tensor latents, Told told, long timestep, Deviation deviation) {
    return new Errors(
        error(latents, told, 0, timestep, deviation), error(latents, told, 1, timestep, deviation));
  }

  /** Each picture told what the one {@code off} further on shows. */
  private double error(Tensor latents, Told told, int off, long timestep, Deviation deviation) {
    RandomState random = new RandomState(0).fork("unet figures");
    long count = latents.size(0);
    double sum = 0;
    for (long first = 0; first < count; first += AT_ONCE) {
      int size = (int) Math.min(AT_ONCE, count - first);
      long[] rows = new long[size];
      long[] timesteps = new long[size];
      Arrays.fill(timesteps, timestep);
      for (int i = 0; i < size; i++) {
        rows[i] = (first + i + off) % count;
      }
      try (PointerScope scope = new PointerScope()) {
        Tensor x0 = latents.narrow(0, first, size);
        Tensor noise = random.fork(first).normal(Torch.shape(x0));
        Tensor at = Torch.of(timesteps, size);
        Tensor error =
            Torch.withoutGradient(
                () -> {
                  Tensor noisy = schedule.addNoise(x0, noise, at);
                  Tensor output = unet.forward(noisy, at, List.of(told.states(rows)));
                  return deviation.of(x0, noise, noisy, output, at).square().mean();
                });
        sum += size * Torch.item(error);
      }
    }
    return sum / count;
  }
}
