/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.util.Arrays;

/**
 * A column over the steps, with few enough points to draw: each stands for some steps in a row.
 *
 * @param name in legends
 * @param steps the last step that each point stands for
 * @param mean of the finite values there; NaN if there are none
 * @param low the lowest of them
 * @param high the highest
 */
record Curve(String name, double[] steps, double[] mean, double[] low, double[] high) {
  /** The curve of {@code values}, of at most {@code most} points. */
  static Curve of(String name, double[] steps, double[] values, int most) {
    int points = Math.min(most, values.length);
    Curve curve =
        new Curve(
            name, new double[points], new double[points], new double[points], new double[points]);
    for (int i = 0; i < points; i++) {
      int begin = (int) ((long) i * values.length / points);
      int end = (int) ((i + 1L) * values.length / points);
      double[] finite = Arrays.stream(values, begin, end).filter(Double::isFinite).toArray();
      curve.steps[i] = steps[end - 1];
      curve.mean[i] = Arrays.stream(finite).average().orElse(Double.NaN);
      curve.low[i] = Arrays.stream(finite).min().orElse(Double.NaN);
      curve.high[i] = Arrays.stream(finite).max().orElse(Double.NaN);
    }
    return curve;
  }

  int points() {
    return steps.length;
  }

  /** Whether some point stands for several different values. */
  boolean hasRange() {
    for (int i = 0; i < points(); i++) {
      if (low[i] < high[i]) {
        return true;
      }
    }
    return false;
  }

  /** Whether there is anything to draw. */
  boolean isEmpty() {
    return Arrays.stream(mean).noneMatch(Double::isFinite);
  }

  /**
   * The running average, a point's weight falling by {@code factor} from one to the next; it begins
   * anew at each of {@code breaks}.
   */
  double[] smoothed(double factor, double[] breaks) {
    double[] smooth = new double[points()];
    double sum = 0;
    double weight = 0;
    for (int i = 0; i < points(); i++) {
      if (i > 0 && liesBetween(breaks, steps[i - 1], steps[i])) {
        sum = 0;
        weight = 0;
      }
      if (Double.isFinite(mean[i])) {
        sum = factor * sum + mean[i];
        weight = factor * weight + 1;
      }
      smooth[i] = Double.isFinite(mean[i]) ? sum / weight : Double.NaN;
    }
    return smooth;
  }

  /** Whether one of {@code breaks} is above {@code before} and not above {@code after}. */
  static boolean liesBetween(double[] breaks, double before, double after) {
    return Arrays.stream(breaks).anyMatch(at -> before < at && at <= after);
  }
}
