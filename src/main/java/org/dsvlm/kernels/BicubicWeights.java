/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Arrays;

/**
 * Weights of a bicubic resize along one axis (Keys 1981 with a = −0.5), widened when the picture
 * shrinks so that it does not alias. They are rounded to {@value #FRACTION_BITS} fractional bits as
 * Pillow rounds them, which makes the result equal to its own.
 */
public final class BicubicWeights {
  static final int FRACTION_BITS = 22;

  private static final double A = -0.5;
  private static final double RADIUS = 2;

  private final int inSize;
  private final int taps;
  private final int[] begins;
  private final int[] weights;

  /**
   * @param inSize length of the axis
   * @param outSize length after the resize
   * @param from first output position that is wanted
   * @param count number of output positions that are wanted, at least 1
   */
  public BicubicWeights(int inSize, long outSize, long from, int count) {
    this.inSize = inSize;
    double scale = (double) inSize / outSize;
    double stretch = Math.max(scale, 1);
    double support = RADIUS * stretch;
    int[][] rounded = new int[count][];
    begins = new int[count];
    for (int i = 0; i < count; i++) {
      double centre = (from + i + 0.5) * scale;
      int first = (int) Math.max(0, centre - support + 0.5);
      int end = (int) Math.min(inSize, centre + support + 0.5);
      begins[i] = first;
      rounded[i] = round(weights(first, end, centre, 1 / stretch));
    }
    taps = Arrays.stream(rounded).mapToInt(row -> row.length).max().orElseThrow();
    weights = new int[Math.multiplyExact(count, taps)];
    for (int i = 0; i < count; i++) {
      System.arraycopy(rounded[i], 0, weights, i * taps, rounded[i].length);
    }
  }

  private static double[] weights(int first, int end, double centre, double squeeze) {
    double[] raw = new double[end - first];
    double sum = 0;
    for (int j = 0; j < raw.length; j++) {
      raw[j] = cubic((first + j - centre + 0.5) * squeeze);
      sum += raw[j];
    }
    for (int j = 0; j < raw.length; j++) {
      raw[j] /= sum;
    }
    return raw;
  }

  private static double cubic(double distance) {
    double x = Math.abs(distance);
    if (x < 1) {
      return ((A + 2) * x - (A + 3)) * x * x + 1;
    }
    return x < RADIUS ? (((x - 5) * x + 8) * x - 4) * A : 0;
  }

  private static int[] round(double[] weights) {
    int[] rounded = new int[weights.length];
    for (int j = 0; j < weights.length; j++) {
      double scaled = weights[j] * (1 << FRACTION_BITS);
      rounded[j] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    return rounded;
  }

  /** Length of the axis before the resize. */
  int inSize() {
    return inSize;
  }

  int count() {
    return begins.length;
  }

  /** Most input positions that an output looks at. */
  int taps() {
    return taps;
  }

  /** First input position that each output looks at. */
  int[] begins() {
    return begins;
  }

  /** One past the last input position that output {@code i} looks at. */
  int end(int i) {
    return Math.min(inSize, begins[i] + taps);
  }

  /** {@link #taps} weights of each output, those that it has no use for at the end and 0. */
  int[] weights() {
    return weights;
  }
}
