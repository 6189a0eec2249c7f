/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.dsvlm.models.vgg.PerceptualNetwork.meanPerSample;

import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.Ssim;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The distance of a reconstruction from its picture: one number for each picture, zero for a
 * perfect one.
 */
public interface ReconstructionLoss {
  /** The loss of every picture, [pictures]. */
  Tensor perSample(Reconstruction reconstruction);

  /** Whether it compares pictures; if nothing does, the VAE's decoder need not run. */
  default boolean comparesPictures() {
    return true;
  }

  /**
   * Its terms by what they look at.
   *
   * @param ofPictures those that compare pictures; null without
   * @param ofNoise the others, which compare the predicted noise alone; null without
   */
  record Split(@Nullable ReconstructionLoss ofPictures, @Nullable ReconstructionLoss ofNoise) {}

  /** The two parts that it is the sum of. */
  default Split split() {
    return comparesPictures() ? new Split(this, null) : new Split(null, this);
  }

  /** Mean absolute difference of the pictures in [-1, 1]. */
  record MeanAbsolute() implements ReconstructionLoss {
    @Override
    public Tensor perSample(Reconstruction r) {
      return Torch.tidy(() -> meanPerSample(r.requirePictureHat().sub(r.picture()).abs()));
    }
  }

  /** 1 − SSIM of the pictures in [0, 1] (Wang et al. 2004), windows that fit wholly inside. */
  record Structural() implements ReconstructionLoss {
    @Override
    public Tensor perSample(Reconstruction r) {
      return Torch.tidy(
          () -> {
            Tensor similarity =
                Ssim.perSample(
                    toUnit(r.requirePictureHat()), toUnit(r.picture()), Ssim.Border.VALID, 1.0);
            return similarity.neg().add(Torch.scalar(1));
          });
    }
  }

  /**
   * {@code structuralWeight} · {@link Structural} + {@code absoluteWeight} · {@link MeanAbsolute},
   * in one pass over the pictures.
   */
  record Photometric(double structuralWeight, double absoluteWeight) implements ReconstructionLoss {
    @Override
    public Tensor perSample(Reconstruction r) {
      // Pictures in [0, 1] are half as far apart as those in [-1, 1].
      return Torch.tidy(
          () ->
              Ssim.lossPerSample(
                  toUnit(r.requirePictureHat()),
                  toUnit(r.picture()),
                  structuralWeight,
                  2 * absoluteWeight,
                  Ssim.Border.VALID,
                  1.0));
    }
  }

  /** LPIPS: the paper's choice (its Table 4). */
  record Perceptual(PerceptualNetwork network) implements ReconstructionLoss {
    @Override
    public Tensor perSample(Reconstruction r) {
      return network.lpips(r.requirePictureHat(), r.picture());
    }
  }

  /** Mean absolute difference of VGG-16's relu3_3. */
  record VggDifference(PerceptualNetwork network) implements ReconstructionLoss {
    @Override
    public Tensor perSample(Reconstruction r) {
      return Torch.tidy(() -> network.relu3L1(toUnit(r.requirePictureHat()), toUnit(r.picture())));
    }
  }

  /**
   * Mean squared error of the predicted noise: the diffusion model's own loss (the paper's Eq. 3).
   */
  record Epsilon() implements ReconstructionLoss {
    @Override
    public Tensor perSample(Reconstruction r) {
      return Torch.tidy(() -> meanPerSample(difference(r).square()));
    }

    private static Tensor difference(Reconstruction r) {
      return Objects.requireNonNull(r.epsilonHat()).sub(Objects.requireNonNull(r.epsilon()));
    }

    @Override
    public boolean comparesPictures() {
      return false;
    }
  }

  /** Several losses, each times its weight. */
  record WeightedSum(List<Term> terms) implements ReconstructionLoss {
    /** One loss and how much it counts. */
    public record Term(double weight, ReconstructionLoss loss) {}

    public WeightedSum {
      terms = List.copyOf(terms);
    }

    @Override
    public Tensor perSample(Reconstruction r) {
      return Torch.tidy(
          () ->
              terms.stream()
                  .map(term -> term.loss().perSample(r).mul(Torch.scalar(term.weight())))
                  .reduce(Tensor::add)
                  .orElseThrow());
    }

    @Override
    public boolean comparesPictures() {
      return terms.stream().anyMatch(term -> term.loss().comparesPictures());
    }

    @Override
    public Split split() {
      return new Split(part(true), part(false));
    }

    private @Nullable ReconstructionLoss part(boolean ofPictures) {
      List<Term> chosen =
          terms.stream().filter(term -> term.loss().comparesPictures() == ofPictures).toList();
      return chosen.isEmpty() ? null : new WeightedSum(chosen);
    }
  }

  private static Tensor toUnit(Tensor picture) {
    return picture.add(Torch.scalar(1)).mul(Torch.scalar(0.5));
  }
}
