/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;

/** A figure by which arms are compared. */
enum Measure {
  ACCURACY("accuracy", "accuracy", "right answers, %", true, 100, 1, "points"),
  RECONSTRUCTION("reconstruction", "reconstruction loss", "reconstruction loss", false, 1, 4, ""),
  LANGUAGE("language", "language loss", "language loss", false, 1, 4, ""),
  HELD_OUT(
      "validation_loss_language",
      "language loss on held-out conversations",
      "held-out language loss",
      false,
      1,
      4,
      ""),
  CONDITION_USE("condition_use", "condition use", "condition use, %", true, 100, 1, "points"),
  PROBE("probe", "accuracy of the probe", "probe of the features, %", true, 100, 1, "points"),
  SECONDS_STAGE_1(
      "seconds_stage1", "time of a step of stage 1", "seconds a step, stage 1", false, 1, 3, "s"),
  SECONDS_STAGE_2(
      "seconds_stage2", "time of a step of stage 2", "seconds a step, stage 2", false, 1, 3, "s");

  private final String key;
  private final String noun;
  private final String title;
  private final boolean higherIsBetter;
  private final double factor;
  private final int digits;
  private final String unit;

  Measure(
      String key,
      String noun,
      String title,
      boolean higherIsBetter,
      double factor,
      int digits,
      String unit) {
    this.key = key;
    this.noun = noun;
    this.title = title;
    this.higherIsBetter = higherIsBetter;
    this.factor = factor;
    this.digits = digits;
    this.unit = unit;
  }

  /** The measure that an arm's file has under {@code key}. */
  static Measure named(String key, String where) {
    List<String> known = Arrays.stream(values()).map(Measure::key).toList();
    return Arrays.stream(values())
        .filter(measure -> measure.key.equals(key))
        .findFirst()
        .orElseThrow(
            () -> new DsVlmException(where + ": no measure '" + key + "'; known: " + known));
  }

  /** Its name in an arm's file. */
  String key() {
    return key;
  }

  /** In a sentence. */
  String noun() {
    return noun;
  }

  /** The head of its column. */
  String title() {
    return title;
  }

  /** Which of two arms is the better one, in words: "higher accuracy". */
  String better() {
    return (higherIsBetter ? "higher " : "lower ") + noun;
  }

  boolean higherIsBetter() {
    return higherIsBetter;
  }

  /** A figure as the table shows it. */
  String text(double value) {
    return Double.isFinite(value) ? format("%." + digits + "f", value) : "–";
  }

  /** A difference, with its sign and unit. */
  String difference(double value) {
    String text = format("%+." + digits + "f", value);
    return unit.isEmpty() ? text : text + " " + unit;
  }

  /** An interval of differences. */
  String interval(double low, double high) {
    String form = "%+." + digits + "f";
    return "[" + format(form, low) + ", " + format(form, high) + "]";
  }

  private String format(String form, double value) {
    return String.format(Locale.ROOT, form, factor * value);
  }
}
