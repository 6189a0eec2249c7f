/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.LinkedHashMap;
import java.util.Map;

/** Losses of one step, gathered over its micro batches. */
final class StepLosses {
  private final Map<String, Double> losses = new LinkedHashMap<>();
  private final Map<String, Double> details = new LinkedHashMap<>();
  private double total;
  private int samples;

  /** Adds a micro batch's share of the loss {@code name}; shares of a step sum to its value. */
  void add(String name, double share, double weight) {
    losses.merge(name, share, Double::sum);
    total += weight * share;
  }

  /** Adds a share of a figure that is not differentiated. */
  void addDetail(String name, double share) {
    details.merge(name, share, Double::sum);
  }

  /** Counts records. */
  void addSamples(int count) {
    samples += count;
  }

  Map<String, Double> losses() {
    return losses;
  }

  Map<String, Double> details() {
    return details;
  }

  double total() {
    return total;
  }

  int samples() {
    return samples;
  }
}
