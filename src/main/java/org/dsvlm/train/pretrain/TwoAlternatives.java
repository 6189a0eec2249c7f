/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * The two-alternative test of a perceptual network, as LPIPS (Zhang et al. 2018) takes it: which of
 * two {@link Distortions} of a picture is the closer one? Heads are fitted on such pairs.
 */
final class TwoAlternatives {
  private static final int PASSES = 400;
  private static final double RATE = 0.5;
  private static final int AT_ONCE = 25;

  /** A pair by its differences of all channels of all stages: of the kept, of the destroyed one. */
  private record Compared(double[] kept, double[] destroyed) {}

  private final List<Compared> pairs = new ArrayList<>();

  /**
   * {@code count} pairs for the pictures of {@code part} in turn, as {@code network} sees them;
   * more pairs than pictures give each several.
   */
  TwoAlternatives(PerceptualNetwork network, WorldPart part, int count, RandomState random) {
    for (int first = 0; first < count; first += AT_ONCE) {
      add(network, part, first, Math.min(AT_ONCE, count - first), random);
    }
  }

  private void add(
      PerceptualNetwork network, WorldPart part, int first, int count, RandomState random) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor[] pictures = new Tensor[count];
      Tensor[] kept = new Tensor[count];
      Tensor[] destroyed = new Tensor[count];
      for (int i = 0; i < count; i++) {
        pictures[i] = part.pictures((first + i) % part.size());
        Distortions.Pair pair = Distortions.of(pictures[i], random.fork(first + i));
        kept[i] = pair.kept();
        destroyed[i] = pair.destroyed();
      }
      List<Tensor> differences =
          network.lpipsDifferences(
              Torch.cat(0, pictures), List.of(Torch.cat(0, kept), Torch.cat(0, destroyed)));
      double[] ofKept = Torch.doubles(differences.get(0));
      double[] ofDestroyed = Torch.doubles(differences.get(1));
      int channels = ofKept.length / count;
      for (int i = 0; i < count; i++) {
        int from = i * channels;
        pairs.add(
            new Compared(
                Arrays.copyOfRange(ofKept, from, from + channels),
                Arrays.copyOfRange(ofDestroyed, from, from + channels)));
      }
    }
  }

  /** The share of pairs in which the kept one is the closer, channels weighed by {@code heads}. */
  double right(double[] heads) {
    long right =
        pairs.stream()
            .filter(pair -> distance(pair.kept, heads) < distance(pair.destroyed, heads))
            .count();
    return (double) right / pairs.size();
  }

  private static double distance(double[] differences, double[] heads) {
    double sum = 0;
    for (int i = 0; i < heads.length; i++) {
      sum += heads[i] * differences[i];
    }
    return sum;
  }

  /** Heads that count every channel of a stage the same: each stage is the mean of its channels. */
  static double[] uniform(List<Long> widths) {
    return widths.stream()
        .flatMapToDouble(
            width -> {
              double[] stage = new double[Math.toIntExact(width)];
              Arrays.fill(stage, 1.0 / width);
              return Arrays.stream(stage);
            })
        .toArray();
  }

  /**
   * Heads at which the kept ones are the closer by the margin of a logistic regression, no weight
   * below 0; by gradient descent from {@code start}, each channel in units of its mean difference.
   */
  double[] fitted(double[] start) {
    int channels = start.length;
    double[] unit = new double[channels];
    for (Compared pair : pairs) {
      for (int c = 0; c < channels; c++) {
        unit[c] += (pair.kept[c] + pair.destroyed[c]) / (2 * pairs.size());
      }
    }
    double[] weights = new double[channels];
    Arrays.fill(weights, 1.0);
    for (int pass = 0; pass < PASSES; pass++) {
      double[] gradient = new double[channels];
      for (Compared pair : pairs) {
        double margin = 0;
        for (int c = 0; c < channels; c++) {
          margin += weights[c] * (pair.destroyed[c] - pair.kept[c]) / scale(unit[c]);
        }
        double pull = 1 / (1 + Math.exp(margin));
        for (int c = 0; c < channels; c++) {
          gradient[c] += pull * (pair.destroyed[c] - pair.kept[c]) / scale(unit[c]);
        }
      }
      for (int c = 0; c < channels; c++) {
        weights[c] = Math.max(0, weights[c] + RATE * gradient[c] / pairs.size());
      }
    }
    for (int c = 0; c < channels; c++) {
      weights[c] /= scale(unit[c]) * channels;
    }
    return weights;
  }

  private static double scale(double unit) {
    return Math.max(unit, 1e-6);
  }
}
