/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.dsvlm.benchmarks.AttentionShape;
import org.dsvlm.benchmarks.GenerationBenchmark;
import org.dsvlm.benchmarks.MapShape;

/**
 * The time that the machine needs at least, from rates measured in the same run: that of a large
 * matrix product for attention, that of a large copy for what works on maps, that of reading for
 * what reads a model's weights, that of the decoder for what is made of a file. Either side may
 * have set the rate: the best one counts.
 */
final class Floor {
  /** The mode of {@link Operation#DATA_LOADING} that does nothing but decode. */
  static final String DECODE = "decode";

  private static final double MILLIS = 1000;

  /** Rows and columns of the matrices that are multiplied. */
  private static final int PRODUCT_SIDE = 2048;

  /** Of those that show how long the large ones would take. */
  private static final int PROBE_SIDE = 256;

  private static final double LONGEST_PRODUCT_MS = 2000;

  /** Of the matrices that are copied, 67 MB each. */
  private static final int COPY_SIDE = 4096;

  /** Operations a second, by type. */
  private final Map<String, Double> products = new HashMap<>();

  /** Bytes a second, read and written; null until measured. */
  private Double copy;

  /** Bytes a second, read alone; null until measured. */
  private Double read;

  /** Milliseconds that decoding a picture takes, by shape. */
  private final Map<String, Double> decoders = new TreeMap<>();

  /** Measures {@code side}'s rate of matrix products of {@code dtype}. */
  void measureProduct(Side side, String dtype, Effort effort) {
    double rate = productRate(side, PROBE_SIDE, dtype, effort);
    // A processor without instructions for the type needs minutes for a large product.
    if (milliseconds(productOperations(PRODUCT_SIDE), rate) <= LONGEST_PRODUCT_MS) {
      rate = Math.max(rate, productRate(side, PRODUCT_SIDE, dtype, effort));
    }
    products.merge(dtype, rate, Math::max);
  }

  /** Measures {@code side}'s rate of copying. */
  void measureCopy(Side side, Effort effort) {
    Case copying = new Case(Operation.MACHINE, "copy", String.valueOf(COPY_SIDE), "float32");
    double rate = copyRate(fastest(side, copying, effort));
    copy = copy == null ? rate : Math.max(copy, rate);
  }

  /** Measures {@code side}'s rate of reading. */
  void measureRead(Side side, Effort effort) {
    Case reading = new Case(Operation.MACHINE, "read", String.valueOf(COPY_SIDE), "float32");
    double rate = copyRate(fastest(side, reading, effort)) / 2;
    read = read == null ? rate : Math.max(read, rate);
  }

  /** Measures how long {@code side} decodes the picture of {@code shape}. */
  void measureDecoder(Side side, String shape, Effort effort) {
    Case decoding = new Case(Operation.DATA_LOADING, DECODE, shape, "float32");
    decoders.merge(shape, fastest(side, decoding, effort), Math::min);
  }

  private static double fastest(Side side, Case wanted, Effort effort) {
    return side.time(wanted, effort).stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  private static double productRate(Side side, int size, String dtype, Effort effort) {
    Case product = new Case(Operation.MACHINE, "matmul", String.valueOf(size), dtype);
    return productOperations(size) / fastest(side, product, effort) * MILLIS;
  }

  static double productOperations(int size) {
    return 2 * Math.pow(size, 3);
  }

  static double copyRate(double milliseconds) {
    return 2.0 * Float.BYTES * Math.pow(COPY_SIDE, 2) / milliseconds * MILLIS;
  }

  /** Sets rates as if they had been measured. */
  static Floor of(Map<String, Double> products, double copy, double read) {
    Floor floor = new Floor();
    floor.read = read;
    floor.products.putAll(products);
    floor.copy = copy;
    return floor;
  }

  /** The floor of {@code wanted}; null where none is defined or measured. */
  Double milliseconds(Case wanted) {
    int passes = wanted.operation().passes(wanted.mode());
    switch (wanted.operation().form()) {
      case ATTENTION:
        double operations = AttentionShape.parse(wanted.shape()).operations(passes);
        return milliseconds(operations, products.get(wanted.dtype()));
      case MAPS:
        long elements =
            MapShape.parseAll(wanted.shape()).stream().mapToLong(MapShape::elements).sum();
        return milliseconds((double) elements * bytes(wanted) * passes, copy);
      case WEIGHTS:
        long weights = GenerationBenchmark.weightsOfAToken(wanted.shape());
        return milliseconds((double) weights * bytes(wanted), read);
      case PICTURE:
        return wanted.mode().equals(DECODE) ? null : decoders.get(wanted.shape());
      default:
        return null;
    }
  }

  private static int bytes(Case wanted) {
    return wanted.dtype().equals("bfloat16") ? Short.BYTES : Float.BYTES;
  }

  private static Double milliseconds(double amount, Double rate) {
    return rate == null ? null : Double.valueOf(amount / rate * MILLIS);
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
    if (copy != null) {
      facts.put("copy", String.format(Locale.ROOT, "%.1f GB/s, read and written", copy / 1e9));
    }
    if (read != null) {
      facts.put("read", String.format(Locale.ROOT, "%.1f GB/s", read / 1e9));
    }
    decoders.forEach(
        (shape, milliseconds) ->
            facts.put(
                "decoder, " + shape,
                String.format(Locale.ROOT, "%.2f ms a picture", milliseconds)));
    return facts;
  }
}
