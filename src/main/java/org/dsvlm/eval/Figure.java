/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * A score as a weighted sum of ratios over its terms: weight · Σ gained / Σ attainable. All ten
 * headlines have this form, so that one bootstrap serves them all.
 */
public final class Figure {
  /** One term, in percent. */
  static final Figure PERCENT = new Figure(term -> 100);

  private final ToDoubleFunction<String> weight;

  Figure(ToDoubleFunction<String> weight) {
    this.weight = weight;
  }

  /** The weight of a term. */
  public double weight(String term) {
    return weight.applyAsDouble(term);
  }

  /** The score of {@code units}; NaN without any. */
  public double of(Collection<Unit> units) {
    Map<String, double[]> sums = new HashMap<>();
    for (Unit unit : units) {
      unit.terms()
          .forEach(
              (term, share) -> {
                double[] sum = sums.computeIfAbsent(term, key -> new double[2]);
                sum[0] += share.gained();
                sum[1] += share.attainable();
              });
    }
    if (sums.isEmpty()) {
      return Double.NaN;
    }
    double score = 0;
    for (Map.Entry<String, double[]> term : sums.entrySet()) {
      score += weight(term.getKey()) * term.getValue()[0] / term.getValue()[1];
    }
    return score;
  }
}
