/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.dsvlm.io.JsonLines;

/**
 * The numbers of a metrics.jsonl, column by column; NaN where a row has none. The routers' weights
 * are columns {@code router/<layer>/<feature>}; other objects have a column {@code <key>/<name>}
 * for each of their numbers.
 */
final class Metrics {
  /** Key of the weights by layer, and with a feature's name after it of their mean. */
  private static final String ROUTER = "router";

  private static final int FIRST_CAPACITY = 1024;

  private final Map<String, double[]> columns = new LinkedHashMap<>();
  private int rows;

  private Metrics() {}

  /** Reads {@code file} as {@link JsonLines} does; without it there are no rows. */
  static Metrics read(Path file) {
    Metrics metrics = new Metrics();
    JsonLines.read(file, metrics::add);
    return metrics;
  }

  private void add(JsonNode row) {
    List<String> features = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : row.properties()) {
      String name = entry.getKey();
      if (name.equals(ROUTER)) {
        for (Map.Entry<String, JsonNode> layer : entry.getValue().properties()) {
          for (int i = 0; i < features.size(); i++) {
            put(weight(layer.getKey(), features.get(i)), layer.getValue().path(i));
          }
        }
        continue;
      }
      if (entry.getValue().isObject()) {
        entry
            .getValue()
            .properties()
            .forEach(one -> put(name + "/" + one.getKey(), one.getValue()));
        continue;
      }
      if (name.startsWith(ROUTER + "_")) {
        features.add(name.substring(ROUTER.length() + 1));
      }
      put(name, entry.getValue());
    }
    rows++;
  }

  private static String weight(String layer, String feature) {
    return ROUTER + "/" + layer + "/" + feature;
  }

  private void put(String name, JsonNode value) {
    double[] column = columns.get(name);
    if (column == null || rows >= column.length) {
      int filled = column == null ? 0 : column.length;
      int capacity = Math.max(FIRST_CAPACITY, 2 * rows);
      column = column == null ? new double[capacity] : Arrays.copyOf(column, capacity);
      Arrays.fill(column, filled, capacity, Double.NaN);
      columns.put(name, column);
    }
    column[rows] = value.isNumber() ? value.doubleValue() : Double.NaN;
  }

  int rows() {
    return rows;
  }

  boolean has(String name) {
    return columns.containsKey(name);
  }

  /** All rows of the column {@code name}; NaN throughout if there is none. */
  double[] values(String name) {
    double[] column = columns.get(name);
    double[] values = new double[rows];
    Arrays.fill(values, Double.NaN);
    if (column != null) {
      System.arraycopy(column, 0, values, 0, Math.min(rows, column.length));
    }
    return values;
  }

  /** Names after {@code prefix} of all columns that have it, in the order they came. */
  List<String> endings(String prefix) {
    return columns.keySet().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .toList();
  }

  /** Features that the routers weigh. */
  List<String> features() {
    return endings(ROUTER + "_");
  }

  /** Names of the layers that have a router, in running order. */
  List<String> routerLayers() {
    return endings(ROUTER + "/").stream()
        .map(name -> name.substring(0, name.indexOf('/')))
        .distinct()
        .toList();
  }

  /** The weight that the router of {@code layer} gives {@code feature}. */
  double[] routerWeights(String layer, String feature) {
    return values(weight(layer, feature));
  }

  /** Rows that have a number in the column {@code name}. */
  int[] rowsWith(String name) {
    double[] values = values(name);
    return IntStream.range(0, rows).filter(row -> Double.isFinite(values[row])).toArray();
  }

  /** The mean over the layers. */
  double[] routerMeans(String feature) {
    return values(ROUTER + "_" + feature);
  }
}
