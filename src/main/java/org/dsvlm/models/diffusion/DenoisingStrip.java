/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;

/**
 * The way from noise to picture under given conditions, decoded at chosen steps (the paper's Figure
 * 5).
 */
public final class DenoisingStrip {
  private final UNet unet;
  private final Vae vae;
  private final DdimSampler sampler;

  /** Samples with {@code steps} DDIM steps; the paper takes 50. */
  public DenoisingStrip(UNet unet, Vae vae, NoiseSchedule schedule, int steps) {
    this.unet = unet;
    this.vae = vae;
    this.sampler = new DdimSampler(schedule, steps);
  }

  /**
   * Denoises {@code noise} and decodes the latents on the way. Records no gradient.
   *
   * @param noise standard normal latents, [1, latentChannels, height', width']
   * @param contexts what the network attends to, each [1, tokens, crossAttentionDim]
   * @param stepsDone when to look: numbers of steps taken, rising, from 0 (noise alone) to all
   * @return one picture for each, [colours, height, width] in [0, 1]
   * @throws DsVlmException if {@code stepsDone} does not rise within these bounds
   */
  public List<Tensor> pictures(Tensor noise, List<Tensor> contexts, int... stepsDone) {
    requireRising(stepsDone);
    return Torch.tidyAll(
        () -> {
          try (NoGradGuard guard = new NoGradGuard()) {
            long[] timesteps = sampler.timesteps();
            List<Tensor> pictures = new ArrayList<>();
            Tensor latents = noise;
            int done = 0;
            for (int wanted : stepsDone) {
              for (; done < wanted; done++) {
                latents = step(latents, timesteps[done], contexts);
              }
              pictures.add(decode(latents));
            }
            return pictures;
          }
        });
  }

  private Tensor step(Tensor latents, long timestep, List<Tensor> contexts) {
    return Torch.tidy(
        () -> {
          Tensor batch = DdimSampler.timesteps(timestep, latents);
          return sampler.step(unet.forward(latents, batch, contexts), timestep, latents);
        });
  }

  private Tensor decode(Tensor latents) {
    return Torch.tidy(
        () -> {
          Tensor picture = vae.decode(latents.div(Torch.scalar(vae.scalingFactor()))).squeeze(0);
          Tensor unit = picture.add(Torch.scalar(1)).mul(Torch.scalar(0.5));
          return unit.clamp(
              new ScalarOptional(Torch.scalar(0)), new ScalarOptional(Torch.scalar(1)));
        });
  }

  private void requireRising(int[] stepsDone) {
    int previous = 0;
    for (int steps : stepsDone) {
      if (steps < previous || steps > sampler.timesteps().length) {
        throw new DsVlmException(
            "looking after "
                + steps
                + " steps: the numbers have to rise from 0 to "
                + sampler.timesteps().length);
      }
      previous = steps;
    }
  }
}
