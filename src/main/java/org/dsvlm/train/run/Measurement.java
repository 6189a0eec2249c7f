/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The figures of a run's instruments after a step. Most steps have none.
 *
 * @param figures by their key in metrics.jsonl
 * @param series by their key in metrics.jsonl, and in each by name: {@code
 *     condition_use_by_feature} has a figure for each feature
 * @param seconds that the instruments took
 */
public record Measurement(
    Map<String, Double> figures, Map<String, Map<String, Double>> series, double seconds) {
  /** Key of the share by which the supervision's loss rises with another picture's features. */
  public static final String CONDITION_USE = "condition_use";

  /** Key of the time that the instruments took beside a step. */
  public static final String SECONDS = "instruments_seconds";

  /** Nothing was measured. */
  public static final Measurement NONE = new Measurement(Map.of(), Map.of(), 0);

  public Measurement {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    series = Collections.unmodifiableMap(new LinkedHashMap<>(series));
  }

  /** The figures of both, and the sum of their times. */
  public Measurement and(Measurement other) {
    Map<String, Double> all = new LinkedHashMap<>(figures);
    all.putAll(other.figures);
    Map<String, Map<String, Double>> allSeries = new LinkedHashMap<>(series);
    allSeries.putAll(other.series);
    return new Measurement(all, allSeries, seconds + other.seconds);
  }

  /** The same figures, measured in {@code time} seconds. */
  public Measurement within(double time) {
    return new Measurement(figures, series, time);
  }

  /** The same, with the time as a figure if it took any. */
  public Measurement timed() {
    if (seconds == 0) {
      return this;
    }
    Map<String, Double> all = new LinkedHashMap<>(figures);
    all.put(SECONDS, seconds);
    return new Measurement(all, series, seconds);
  }

  /** Whether there is any figure. */
  public boolean isEmpty() {
    return figures.isEmpty() && series.isEmpty();
  }

  /** Adds the figures to a step's line of metrics.jsonl. */
  void addTo(ObjectNode json) {
    figures.forEach((name, value) -> StepMetrics.put(json, name, value));
    series.forEach(
        (name, values) -> {
          ObjectNode one = json.putObject(name);
          values.forEach((key, value) -> StepMetrics.put(one, key, value));
        });
  }
}
