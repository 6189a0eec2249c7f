/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Compares two runs by their ratios to PyTorch, which a slower machine or a busy hour changes less
 * than times.
 *
 * @param compared lines for each case that both runs have
 * @param worse names of those whose ratio fell by more than the threshold
 * @param left names of cases that could not be compared, and why
 */
record Regression(List<String> compared, List<String> worse, List<String> left) {
  /**
   * The comparison.
   *
   * @param threshold largest fall of a ratio, relative: 0.1 lets 2.0 become 1.8
   * @throws UsageException if the runs have no case in common
   */
  static Regression of(Rows before, Rows after, double threshold) {
    Map<String, Rows.Row> old = byName(before);
    Map<String, Rows.Row> now = byName(after);
    List<String> compared = new ArrayList<>();
    List<String> worse = new ArrayList<>();
    List<String> left = new ArrayList<>();
    old.forEach(
        (name, row) -> {
          Rows.Row newer = now.get(name);
          if (newer == null) {
            left.add(name + ": not in the new run");
          } else if (row.ratio() == null) {
            left.add(name + ": without a ratio in the old run");
          } else if (newer.ratio() == null) {
            left.add(name + ": without a ratio in the new run");
          } else {
            double change = newer.ratio() / row.ratio() - 1;
            boolean fell = newer.ratio() < row.ratio() * (1 - threshold);
            compared.add(line(name, row.ratio(), newer.ratio(), change, fell));
            if (fell) {
              worse.add(name);
            }
          }
        });
    now.keySet().stream()
        .filter(name -> !old.containsKey(name))
        .forEach(name -> left.add(name + ": not in the old run"));
    if (compared.isEmpty()) {
      throw new UsageException("the two runs have no case with a ratio in common");
    }
    return new Regression(compared, worse, left);
  }

  private static Map<String, Rows.Row> byName(Rows rows) {
    return rows.rows().stream()
        .collect(
            Collectors.toMap(
                Rows.Row::name, Function.identity(), (a, b) -> b, java.util.LinkedHashMap::new));
  }

  private static String line(
      String name, double before, double after, double change, boolean fell) {
    return String.format(
        Locale.ROOT,
        "%s: %.2f -> %.2f (%+.1f %%)%s",
        name,
        before,
        after,
        100 * change,
        fell ? "  WORSE" : "");
  }
}
