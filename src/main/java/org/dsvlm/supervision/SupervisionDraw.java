/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * The random part of one supervised step: each picture's noise and timestep. It depends on the
 * run's seed, the sample's id and the step, so neither the batch's composition nor a resumed run
 * changes it.
 *
 * @param timesteps int64 [pictures]
 * @param noise float32 [pictures, latent channels, h, w], standard normal; the unrolled
 *     reconstruction starts from it
 */
public record SupervisionDraw(Tensor timesteps, Tensor noise) {
  /** Draws for records by id; {@link #of} makes one once and uses it for every step. */
  public static final class Source {
    private final RandomState random;
    private final long[] grid;
    private final long[] latentShape;

    private Source(RandomState random, long[] grid, long[] latentShape) {
      this.random = random.fork("supervision");
      this.grid = grid;
      this.latentShape = latentShape;
    }

    /** The draw of each record of {@code sampleIds} (those with a picture) at {@code step}. */
    public SupervisionDraw draw(List<String> sampleIds, long step) {
      int pictures = sampleIds.size();
      long[] timesteps = new long[pictures];
      long[] shape = {pictures, latentShape[0], latentShape[1], latentShape[2]};
      Tensor noise = torch.zeros(shape, Torch.options(ScalarType.Float));
      for (int i = 0; i < pictures; i++) {
        RandomState own = random.fork(sampleIds.get(i)).fork(step);
        timesteps[i] = grid[(int) own.fork("timestep").below(grid.length)];
        try (PointerScope scope = new PointerScope()) {
          noise.select(0, i).copy_(own.fork("noise").normal(latentShape));
        }
      }
      return new SupervisionDraw(Torch.of(timesteps, pictures), noise);
    }
  }

  /**
   * A source of draws.
   *
   * @param latentShape channels, height and width of one picture's latents
   * @throws DsVlmException if no timestep of the DDIM grid is small enough
   */
  static Source of(
      RandomState random, NoiseSchedule schedule, SupervisionConfig config, long[] latentShape) {
    long[] grid =
        schedule.trainingTimesteps(config.reconstruction().steps(), config.maxTimestepFraction());
    if (grid.length == 0) {
      throw new DsVlmException(
          "supervision: max_timestep_fraction "
              + config.maxTimestepFraction()
              + " leaves no timestep of a grid of "
              + config.reconstruction().steps()
              + " steps; raise either");
    }
    return new Source(random, grid, latentShape);
  }
}
