/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.ActivationCheckpoint;
import org.dsvlm.models.diffusion.DdimSampler;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.tensor.Torch;

/**
 * DDIM from pure noise to latents, the gradient cut before the last steps. Each of those keeps only
 * its inputs and is computed again in the backward pass, so memory does not grow with their number
 * beyond one set of latents and contexts a step.
 */
final class DenoisingLoop {
  private final UNet unet;
  private final DdimSampler sampler;

  DenoisingLoop(UNet unet, DdimSampler sampler) {
    this.unet = unet;
    this.sampler = sampler;
  }

  /**
   * The latents after every step, first step first, each [pictures, channels, h, w] as {@code
   * start}.
   *
   * @param start standard normal
   * @param contexts as the UNet's attention wants them, each [pictures, tokens, cross width]
   * @param gradientSteps how many of the last steps pass gradients
   */
  List<Tensor> run(Tensor start, List<Tensor> contexts, int gradientSteps) {
    return Torch.tidyAll(
        () -> {
          long[] timesteps = sampler.timesteps();
          List<Tensor> trajectory = new ArrayList<>();
          Tensor latents = start;
          for (int i = 0; i < timesteps.length; i++) {
            latents =
                i < timesteps.length - gradientSteps
                    ? withoutGradient(latents, timesteps[i], contexts)
                    : checkpointed(latents, timesteps[i], contexts);
            trajectory.add(latents);
          }
          return trajectory;
        });
  }

  private Tensor withoutGradient(Tensor latents, long timestep, List<Tensor> contexts) {
    return Torch.withoutGradient(() -> step(latents, timestep, contexts));
  }

  private Tensor step(Tensor latents, long timestep, List<Tensor> contexts) {
    Tensor timesteps = DdimSampler.timesteps(timestep, latents);
    return sampler.step(unet.forward(latents, timesteps, contexts), timestep, latents);
  }

  /**
   * The step with everything that carries a gradient in one tensor, [pictures, values]: what a
   * checkpointed body takes from outside its input would not be differentiated.
   */
  private Tensor checkpointed(Tensor latents, long timestep, List<Tensor> contexts) {
    Packing packing = Packing.of(latents, contexts);
    return ActivationCheckpoint.run(
        packed -> {
          List<Tensor> parts = packing.unpack(packed);
          return step(parts.get(0), timestep, parts.subList(1, parts.size()));
        },
        Packing.pack(latents, contexts));
  }
}
