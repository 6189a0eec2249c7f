/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/**
 * How much a reconstruction depends on the features that it is made from: the share by which its
 * loss rises if the features are taken from another picture. At 0 the diffusion model does without
 * the features, and its loss can teach the encoder nothing.
 *
 * <p>Another picture's features are those of the next row, for the last row those of the first. So
 * the features keep their distribution, and only their relation to the picture is lost.
 *
 * @param byTimestep share by which the loss rises with another picture's features, by timestep
 * @param byFeature the same if one feature alone is another picture's and the rest are the
 *     picture's own, by feature: means over the timesteps
 * @param zeros share by which the loss rises with zeros for all features, a mean over the timesteps
 */
public record ConditionUse(
    Map<Long, Double> byTimestep, Map<String, Double> byFeature, double zeros) {

  /** The supervision's loss on fixed pictures with fixed noise. */
  @FunctionalInterface
  public interface Loss {
    /**
     * The loss of each picture, [pictures].
     *
     * @param features seen by the diffusion model, by name, each [pictures, tokens, width]
     * @param timestep of all pictures
     */
    Tensor perSample(Map<String, Tensor> features, long timestep);
  }

  /** The mean over the timesteps of the share by which the loss rises. */
  public double mean() {
    return byTimestep.values().stream().mapToDouble(Double::doubleValue).average().orElse(0);
  }

  /**
   * Measures it on at least two pictures, without recording gradients.
   *
   * @param features own features of the pictures, each [pictures, tokens, width]
   */
  public static ConditionUse measure(Map<String, Tensor> features, long[] timesteps, Loss loss) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      List<Map<String, Tensor>> variants = variants(features);
      List<Tensor> means = new ArrayList<>();
      for (long timestep : timesteps) {
        for (Map<String, Tensor> variant : variants) {
          means.add(
              Torch.tidy(() -> loss.perSample(variant, timestep).to(ScalarType.Double).mean()));
        }
      }
      // One read for all, so that the device need not wait in between.
      double[] values = Torch.doubles(Torch.stack(0, means.toArray(Tensor[]::new)));
      return of(List.copyOf(features.keySet()), timesteps, values);
    }
  }

  /** The features' own, another picture's, zeros, and each feature alone another picture's. */
  private static List<Map<String, Tensor>> variants(Map<String, Tensor> own) {
    Map<String, Tensor> other = new LinkedHashMap<>();
    Map<String, Tensor> zeros = new LinkedHashMap<>();
    own.forEach(
        (name, feature) -> {
          other.put(name, feature.roll(new long[] {-1}, 0));
          zeros.put(name, torch.zeros_like(feature));
        });
    List<Map<String, Tensor>> variants = new ArrayList<>(List.of(own, other, zeros));
    for (String name : own.keySet()) {
      Map<String, Tensor> mixed = new LinkedHashMap<>(own);
      mixed.put(name, other.get(name));
      variants.add(mixed);
    }
    return variants;
  }

  /** Passes through the diffusion model that a picture takes at each timestep. */
  public static int passes(int features) {
    return 3 + features;
  }

  /** losses: of each timestep those of {@link #variants}. */
  private static ConditionUse of(List<String> features, long[] timesteps, double[] losses) {
    Map<Long, Double> byTimestep = new LinkedHashMap<>();
    Map<String, Double> byFeature = new LinkedHashMap<>();
    double zeros = 0;
    int next = 0;
    for (long timestep : timesteps) {
      double own = losses[next];
      byTimestep.put(timestep, rise(losses[next + 1], own));
      zeros += rise(losses[next + 2], own) / timesteps.length;
      next += 3;
      for (String feature : features) {
        byFeature.merge(feature, rise(losses[next], own) / timesteps.length, Double::sum);
        next++;
      }
    }
    return new ConditionUse(byTimestep, byFeature, zeros);
  }

  private static double rise(double loss, double own) {
    return loss / own - 1;
  }
}
