/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Losses and router weights of one step, gathered over its micro batches where they were computed.
 * Nothing waits for the device until {@link #read}, at the step's end, takes all of them at once.
 */
public final class StepLosses {
  private record Share(String name, Tensor value, double share, double weight) {}

  private final PointerScope scope = PointerScope.getInnerScope();
  private final List<Share> shares = new ArrayList<>();
  private @Nullable RouterWeights router;
  private int samples;

  /**
   * The results of a step.
   *
   * @param losses by name, in the order they came, weights not applied
   * @param total the weighted sum
   * @param router by layer and feature: the mean over the step's pictures; empty without routers
   * @param samples records
   */
  public record Figures(
      Map<String, Double> losses,
      double total,
      Map<String, Map<String, Double>> router,
      int samples) {}

  /**
   * Adds {@code share} of the value of a micro batch to the loss {@code name}; shares of a step sum
   * to one.
   */
  public void add(String name, Tensor value, double share, double weight) {
    shares.add(new Share(name, held(value.detach().to(ScalarType.Double)), share, weight));
  }

  /** Adds {@code share} of a micro batch's router weights. */
  public void addRouter(RouterWeights batch, double share) {
    Tensor weights = batch.weights().to(ScalarType.Double).mul(Torch.scalar(share));
    Tensor sum = router == null ? weights : router.weights().add(weights);
    router = new RouterWeights(batch.layers(), batch.features(), held(sum));
  }

  /** Lives as long as the scope of these losses. */
  private Tensor held(Tensor tensor) {
    scope.attach(tensor);
    return tensor;
  }

  /** Counts records. */
  public void addSamples(int count) {
    samples += count;
  }

  /**
   * Values that are read from the device at once.
   *
   * @param more the further figures asked for
   */
  public record Reading(Figures figures, double[] more) {}

  /**
   * Waits for the device.
   *
   * @param more further figures to read along, float64 [any]
   */
  public Reading read(Tensor more) {
    double[] values;
    try (PointerScope inner = new PointerScope()) {
      List<Tensor> parts = new ArrayList<>();
      shares.forEach(share -> parts.add(share.value().reshape(1)));
      if (router != null) {
        parts.add(router.weights().flatten());
      }
      parts.add(more);
      values = Torch.doubles(Torch.cat(0, parts.toArray(Tensor[]::new)));
    }
    Map<String, Double> losses = new LinkedHashMap<>();
    double total = 0;
    for (int i = 0; i < shares.size(); i++) {
      Share share = shares.get(i);
      double value = share.share() * values[i];
      losses.merge(share.name(), value, Double::sum);
      total += share.weight() * value;
    }
    Map<String, Map<String, Double>> routers =
        router == null ? Map.of() : router.named(values, shares.size());
    int end = values.length;
    return new Reading(
        new Figures(losses, total, routers, samples),
        Arrays.copyOfRange(values, end - (int) more.numel(), end));
  }
}
