/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.GradientNorms;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the common Euclidean norm of all gradients within a limit. The gradients stay as they are:
 * clipping is a factor for the optimizer, which is a tensor, so that nothing waits for the device.
 */
public final class GradientClipping {
  private final Map<String, Integer> countByPart = new LinkedHashMap<>();
  private final Tensor each;

  private GradientClipping(Map<String, List<Tensor>> parts) {
    parts.forEach((name, gradients) -> countByPart.put(name, gradients.size()));
    each = GradientNorms.each(parts.values().stream().flatMap(List::stream).toList());
  }

  /**
   * Euclidean norms of gradients before clipping.
   *
   * @param all over all gradients
   * @param parts over those of each part, by its name
   */
  public record Norms(double all, Map<String, Double> parts) {}

  /** Of {@code gradients}, in the caller's scope. */
  public static GradientClipping of(List<Tensor> gradients) {
    return of(Map.of("all", gradients));
  }

  /**
   * The same for gradients that come in parts; the factor is common to all.
   *
   * @param parts gradients by the name of their part; those of a part may be none
   */
  public static GradientClipping of(Map<String, List<Tensor>> parts) {
    return new GradientClipping(parts);
  }

  /**
   * The factor for every gradient, as in {@code torch.nn.utils.clip_grad_norm_}: {@code min(1,
   * limit / (norm + 1e-6))}; null for a limit of 0, which does not clip.
   */
  public @Nullable Tensor factor(double limit) {
    if (!(limit > 0)) {
      return null;
    }
    return Torch.tidy(
        () ->
            each.norm()
                .add(Torch.scalar(1e-6))
                .reciprocal()
                .mul(Torch.scalar(limit))
                .clamp_max(Torch.scalar(1)));
  }

  /** Norm of each gradient, float64, the parts one after the other. */
  public Tensor each() {
    return each;
  }

  /** Squared norm of each part, once the host has {@link #each}. */
  public Map<String, Double> squares(double[] ofEach) {
    Map<String, Double> squares = new LinkedHashMap<>();
    int next = 0;
    for (Map.Entry<String, Integer> part : countByPart.entrySet()) {
      double square = 0;
      for (int end = next + part.getValue(); next < end; next++) {
        square += ofEach[next] * ofEach[next];
      }
      squares.put(part.getKey(), square);
    }
    return squares;
  }

  /** The norms, given the squared one of each part. */
  public static Norms norms(Map<String, Double> squares) {
    Map<String, Double> parts = new LinkedHashMap<>();
    double all = 0;
    for (Map.Entry<String, Double> part : squares.entrySet()) {
      parts.put(part.getKey(), Math.sqrt(part.getValue()));
      all += part.getValue();
    }
    return new Norms(Math.sqrt(all), parts);
  }

  /** The norms. Waits for the device. */
  public Norms norms() {
    return norms(squares(Torch.doubles(each)));
  }

  /** As {@link #factor(double)} for a norm that the host knows. */
  public @Nullable Tensor factor(double norm, double limit) {
    if (!(limit > 0)) {
      return null;
    }
    // Filled there: a copy from the host would wait for the device.
    return Torch.tidy(
        () -> each.new_full(new long[0], Torch.scalar(Math.min(1, limit / (norm + 1e-6)))));
  }
}
