/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Objects;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Which pictures of a one-step batch count in which losses. A picture is either reconstructed,
 * weighed by its timestep, or there for the noise's loss alone. The expected gradient does not
 * depend on the share s of the latter: the comparison of pictures counts 1/(1−s). From pure noise,
 * where no known noise was added, the noise's loss is theirs alone and counts 1/s.
 */
final class SampleLosses {
  private final ReconstructionLoss loss;
  private final TimestepWeights weights;
  private final boolean drawn;
  private final boolean fromNoise;
  private final double shareOfNoiseAlone;
  private final Rows reconstructed;
  private final Rows noiseAlone;

  /**
   * Some pictures of a batch.
   *
   * @param count how many
   * @param indices int64 [count]; null for all
   */
  record Rows(long count, @Nullable Tensor indices) {
    /** Of {@code tensor}, whose first dimension is the batch. */
    Tensor of(Tensor tensor) {
      return indices == null ? tensor : tensor.index_select(0, indices);
    }

    /** {@code each} [count] at these places of a batch of zeros like {@code batch}. */
    Tensor spread(Tensor each, Tensor batch) {
      return indices == null ? each : torch.zeros_like(batch).index_add(0, indices, each);
    }

    static Rows of(Tensor indices, Tensor like) {
      return new Rows(indices.size(0), Torch.onto(indices, like.device(), ScalarType.Long));
    }
  }

  private SampleLosses(
      ReconstructionLoss loss,
      TimestepWeights weights,
      boolean drawn,
      boolean fromNoise,
      double shareOfNoiseAlone,
      Rows reconstructed,
      Rows noiseAlone) {
    this.loss = loss;
    this.weights = weights;
    this.drawn = drawn;
    this.fromNoise = fromNoise;
    this.shareOfNoiseAlone = shareOfNoiseAlone;
    this.reconstructed = reconstructed;
    this.noiseAlone = noiseAlone;
  }

  /**
   * For the pictures of {@code draw}.
   *
   * @param drawn false if every picture counts in every loss and by 1, whatever the settings
   * @param like where the batch is
   */
  static SampleLosses of(
      SupervisionConfig config,
      ReconstructionLoss loss,
      TimestepWeights weights,
      SupervisionDraw draw,
      boolean drawn,
      Tensor like) {
    SupervisionDraw.Parts parts = draw.parts();
    return new SampleLosses(
        loss,
        weights,
        drawn,
        drawn && config.reconstruction().fromNoise(),
        config.timesteps().epsilon().share(),
        parts == null ? new Rows(draw.noise().size(0), null) : Rows.of(parts.reconstructed(), like),
        parts == null ? new Rows(0, null) : Rows.of(parts.noiseAlone(), like));
  }

  /**
   * The UNet's input.
   *
   * @param epsilon [pictures, channels, h, w]
   * @param noised gives the noised latents of some pictures
   */
  Tensor noisy(Tensor epsilon, Function<Rows, Tensor> noised) {
    if (!fromNoise) {
      return noised.apply(new Rows(epsilon.size(0), null));
    }
    return noiseAlone.count() == 0
        ? epsilon
        : epsilon.index_copy(0, noiseAlone.indices(), noised.apply(noiseAlone));
  }

  /** Whether any reconstruction has to be decoded. */
  boolean decodes() {
    return loss.comparesPictures() && reconstructed.count() > 0;
  }

  /** Those of {@code batch} that are reconstructed. */
  Tensor reconstructed(Tensor batch) {
    return reconstructed.of(batch);
  }

  /**
   * The loss of each picture, [pictures].
   *
   * @param all of every picture, but {@code pictureHat} of the reconstructed ones
   */
  Tensor perSample(Reconstruction all, Tensor timesteps) {
    if (!drawn || (!fromNoise && shareOfNoiseAlone == 0 && !weights.weigh())) {
      return loss.perSample(all);
    }
    ReconstructionLoss.Split split = loss.split();
    return Torch.tidy(
        () -> {
          Tensor sum =
              torch.zeros_like(noise(all.epsilon()).select(1, 0).select(1, 0).select(1, 0));
          if (split.ofNoise() != null) {
            sum = sum.add(ofNoise(split.ofNoise(), all, sum));
          }
          if (split.ofPictures() != null && all.pictureHat() != null) {
            Tensor each =
                split.ofPictures().perSample(chosen(all, reconstructed, all.pictureHat()));
            Tensor weighed =
                weights
                    .weighed(each, reconstructed.of(timesteps))
                    .mul(Torch.scalar(1 / (1 - shareOfNoiseAlone)));
            sum = sum.add(reconstructed.spread(weighed, sum));
          }
          return sum;
        });
  }

  private Tensor ofNoise(ReconstructionLoss loss, Reconstruction all, Tensor batch) {
    if (!fromNoise) {
      return loss.perSample(all);
    }
    if (noiseAlone.count() == 0) {
      return torch.zeros_like(batch);
    }
    Tensor each = loss.perSample(chosen(all, noiseAlone, null));
    return noiseAlone.spread(each.mul(Torch.scalar(1 / shareOfNoiseAlone)), batch);
  }

  private static Reconstruction chosen(Reconstruction all, Rows rows, @Nullable Tensor pictureHat) {
    return new Reconstruction(
        rows.of(all.picture()),
        pictureHat,
        rows.of(noise(all.epsilon())),
        rows.of(noise(all.epsilonHat())));
  }

  /** Each reconstruction of one step has noise. */
  private static Tensor noise(@Nullable Tensor noise) {
    return Objects.requireNonNull(noise, "noise");
  }
}
