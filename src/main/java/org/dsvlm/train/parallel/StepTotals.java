/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.train.optim.GradientClipping;

/**
 * A step's figures over all processes.
 *
 * @param figures losses, routers' weights and the count of records
 * @param norms of the gradients
 */
public record StepTotals(StepLosses.Figures figures, GradientClipping.Norms norms) {
  private static final String SAMPLES = "samples";
  private static final String TOTAL = "total";
  private static final String LOSS = "loss\t";
  private static final String ROUTER = "router\t";
  private static final String NORM = "norm\t";
  private static final String TAB = "\t";

  /**
   * One process's summands by name.
   *
   * @param squares its summand of the squared norm of each part
   */
  static Map<String, Double> summands(StepLosses.Figures figures, Map<String, Double> squares) {
    Map<String, Double> summands = new LinkedHashMap<>();
    summands.put(SAMPLES, (double) figures.samples());
    summands.put(TOTAL, figures.total());
    figures.losses().forEach((name, share) -> summands.put(LOSS + name, share));
    figures
        .router()
        .forEach(
            (layer, row) ->
                row.forEach(
                    (feature, share) -> summands.put(ROUTER + layer + TAB + feature, share)));
    squares.forEach((part, square) -> summands.put(NORM + part, square));
    return summands;
  }

  /** The totals, given the sums of all processes' {@link #summands}. */
  static StepTotals of(Map<String, Double> sums) {
    Map<String, Double> losses = new LinkedHashMap<>();
    Map<String, Map<String, Double>> router = new LinkedHashMap<>();
    Map<String, Double> squares = new LinkedHashMap<>();
    sums.forEach(
        (name, sum) -> {
          if (name.startsWith(LOSS)) {
            losses.put(name.substring(LOSS.length()), sum);
          } else if (name.startsWith(ROUTER)) {
            String[] place = name.substring(ROUTER.length()).split(TAB);
            router.computeIfAbsent(place[0], layer -> new LinkedHashMap<>()).put(place[1], sum);
          } else if (name.startsWith(NORM)) {
            squares.put(name.substring(NORM.length()), sum);
          }
        });
    StepLosses.Figures figures =
        new StepLosses.Figures(
            losses,
            sums.getOrDefault(TOTAL, 0.0),
            router,
            sums.getOrDefault(SAMPLES, 0.0).intValue());
    return new StepTotals(figures, GradientClipping.norms(squares));
  }
}
