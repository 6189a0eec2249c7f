/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The random part of one supervised step: each picture's noise and timestep. It depends on the
 * run's seed, the sample's id and the step, so neither the batch's composition nor a resumed run
 * changes it.
 *
 * @param timesteps int64 [pictures]
 * @param noise float32 [pictures, latent channels, h, w], standard normal; the unrolled
 *     reconstruction starts from it
 * @param parts which pictures are there for what; null if all are reconstructed
 */
public record SupervisionDraw(Tensor timesteps, Tensor noise, @Nullable Parts parts) {
  /**
   * The pictures in two groups, int64 and rising each.
   *
   * @param reconstructed whose reconstruction is compared
   * @param noiseAlone that are there for the noise's loss alone
   */
  public record Parts(Tensor reconstructed, Tensor noiseAlone) {}

  /** Draws for records by id; {@link #of} makes one once and uses it for every step. */
  public static final class Source {
    private final RandomState random;
    private final TimestepDistribution reconstruction;
    private final TimestepDistribution noiseAlone;
    private final double shareOfNoiseAlone;
    private final long[] latentShape;

    private Source(
        RandomState random,
        TimestepDistribution reconstruction,
        TimestepDistribution noiseAlone,
        double shareOfNoiseAlone,
        long[] latentShape) {
      this.random = random.fork("supervision");
      this.reconstruction = reconstruction;
      this.noiseAlone = noiseAlone;
      this.shareOfNoiseAlone = shareOfNoiseAlone;
      this.latentShape = latentShape;
    }

    /**
     * Timesteps that stand for the drawn ones: the middles of {@code count} equally likely parts of
     * their distribution, rising, each once.
     */
    public long[] quantiles(int count) {
      return IntStream.range(0, count)
          .mapToLong(i -> reconstruction.quantile((i + 0.5) / count))
          .distinct()
          .toArray();
    }

    /** The draw of each record of {@code sampleIds} (those with a picture) at {@code step}. */
    public SupervisionDraw draw(List<String> sampleIds, long step) {
      int pictures = sampleIds.size();
      long[] timesteps = new long[pictures];
      List<Long> reconstructed = new ArrayList<>();
      List<Long> noiseOnly = new ArrayList<>();
      long[] shape = {pictures, latentShape[0], latentShape[1], latentShape[2]};
      Tensor noise = torch.zeros(shape, Torch.options(ScalarType.Float));
      for (int i = 0; i < pictures; i++) {
        RandomState own = random.fork(sampleIds.get(i)).fork(step);
        boolean alone = own.fork("noise alone").unit() < shareOfNoiseAlone;
        (alone ? noiseOnly : reconstructed).add((long) i);
        timesteps[i] = (alone ? noiseAlone : reconstruction).draw(own.fork("timestep"));
        try (PointerScope scope = new PointerScope()) {
          noise.select(0, i).copy_(own.fork("noise").normal(latentShape));
        }
      }
      return new SupervisionDraw(
          Torch.of(timesteps, pictures),
          noise,
          noiseOnly.isEmpty() ? null : new Parts(indices(reconstructed), indices(noiseOnly)));
    }

    private static Tensor indices(List<Long> rows) {
      return Torch.of(rows.stream().mapToLong(Long::longValue).toArray(), rows.size());
    }
  }

  /**
   * A source of draws.
   *
   * @param latentShape channels, height and width of one picture's latents
   * @throws org.dsvlm.io.DsVlmException if no timestep of the DDIM grid lies in a range
   */
  static Source of(
      RandomState random, NoiseSchedule schedule, SupervisionConfig config, long[] latentShape) {
    TimestepConfig.Epsilon epsilon = config.timesteps().epsilon();
    return new Source(
        random,
        reconstruction(schedule, config),
        TimestepDistribution.uniform(
            schedule,
            grid(schedule, config),
            epsilon.minFraction(),
            epsilon.maxFraction(),
            "timesteps.epsilon"),
        epsilon.share(),
        latentShape);
  }

  /** The timesteps that reconstructions are drawn at: the noisiest alone, if they start there. */
  static TimestepDistribution reconstruction(NoiseSchedule schedule, SupervisionConfig config) {
    long[] grid = grid(schedule, config);
    SupervisionConfig.Reconstruct way = config.reconstruction();
    return way.fromNoise() || way.severalPasses()
        ? new TimestepDistribution(new long[] {grid[grid.length - 1]}, new double[] {1}, true)
        : TimestepDistribution.of(schedule, grid, config.timesteps());
  }

  /** In rising order. */
  private static long[] grid(NoiseSchedule schedule, SupervisionConfig config) {
    return Arrays.stream(schedule.samplingTimesteps(config.reconstruction().steps()))
        .sorted()
        .toArray();
  }
}
