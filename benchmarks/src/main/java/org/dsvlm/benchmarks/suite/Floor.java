/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.dsvlm.benchmarks.AttentionShape;
import org.dsvlm.benchmarks.MapShape;

/**
 * The time that the machine needs at least, from rates measured in the same run: that of a large
 * matrix product for attention, that of a large copy for SSIM and the perceptual distance. Either
 * side may have set the rate: the best one counts.
 */
final class Floor {
  private static final double MILLIS = 1000;

  /** Rows and columns of the matrices that are multiplied. */
  private static final int PRODUCT_SIDE = 2048;

  /** Of the matrices that are copied, 67 MB each. */
  private static final int COPY_SIDE = 4096;

  /** Scores and their sum with the values; in the backward pass both again, and three gradients. */
  private static final int FORWARD_PRODUCTS = 2;

  private static final int PRODUCTS = 7;

  /** Both inputs are read, in the backward pass once more, and a gradient is written. */
  private static final int FORWARD_MAPS = 2;

  private static final int MAPS = 5;

  private enum Rate {
    /** Operations a second. */
    PRODUCT,
    /** Bytes a second, read and written. */
    COPY
  }

  private final Map<String, Double> products = new HashMap<>();
  private final Map<Rate, Double> best = new EnumMap<>(Rate.class);

  /** Measures {@code side}'s rate of matrix products of {@code dtype}. */
  void measureProduct(Side side, String dtype, Effort effort) {
    Case product = new Case(Operation.MACHINE, "matmul", String.valueOf(PRODUCT_SIDE), dtype);
    products.merge(dtype, productRate(fastest(side, product, effort)), Math::max);
  }

  /** Measures {@code side}'s rate of copying. */
  void measureCopy(Side side, Effort effort) {
    Case copy = new Case(Operation.MACHINE, "copy", String.valueOf(COPY_SIDE), "float32");
    best.merge(Rate.COPY, copyRate(fastest(side, copy, effort)), Math::max);
  }

  private static double fastest(Side side, Case wanted, Effort effort) {
    return side.time(wanted, effort).stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  static double productRate(double milliseconds) {
    return 2 * Math.pow(PRODUCT_SIDE, 3) / milliseconds * MILLIS;
  }

  static double copyRate(double milliseconds) {
    return 2.0 * Float.BYTES * Math.pow(COPY_SIDE, 2) / milliseconds * MILLIS;
  }

  /** Sets rates as if they had been measured. */
  static Floor of(Map<String, Double> products, double copy) {
    Floor floor = new Floor();
    floor.products.putAll(products);
    floor.best.put(Rate.COPY, copy);
    return floor;
  }

  /** The floor of {@code wanted}; null where none is defined or measured. */
  Double milliseconds(Case wanted) {
    boolean forward = wanted.mode().equals("forward");
    switch (wanted.operation()) {
      case MOE_CROSS_ATTENTION:
        Double rate = products.get(wanted.dtype());
        int count = forward ? FORWARD_PRODUCTS : PRODUCTS;
        return rate == null
            ? null
            : Double.valueOf(
                AttentionShape.parse(wanted.shape()).operations(count) / rate * MILLIS);
      case SSIM:
      case PERCEPTUAL_DISTANCE:
        Double copy = best.get(Rate.COPY);
        long elements =
            MapShape.parseAll(wanted.shape()).stream().mapToLong(MapShape::elements).sum();
        int bytes = wanted.dtype().equals("bfloat16") ? Short.BYTES : Float.BYTES;
        int maps = forward ? FORWARD_MAPS : MAPS;
        return copy == null
            ? null
            : Double.valueOf((double) elements * bytes * maps / copy * MILLIS);
      default:
        return null;
    }
  }

  /** The rates as a reader wants them. */
  Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    products.entrySet().stream()
        .sorted(Map.Entry.<String, Double>comparingByKey().reversed())
        .forEach(
            e ->
                facts.put(
                    "matrix product, " + e.getKey(),
                    String.format(Locale.ROOT, "%.0f GFLOP/s", e.getValue() / 1e9)));
    if (best.containsKey(Rate.COPY)) {
      facts.put(
          "copy",
          String.format(Locale.ROOT, "%.1f GB/s, read and written", best.get(Rate.COPY) / 1e9));
    }
    return facts;
  }
}
