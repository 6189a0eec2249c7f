/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The table of a multiple-choice benchmark: a line for each split, a column for each category. */
final class AccuracyTable {
  /** MMBench's second level, in the tool's short form, in whichever column it stands. */
  private static final Map<String, String> SHORT =
      Map.of(
          "coarse_perception", "CP",
          "finegrained_perception (instance-level)", "FP-S",
          "finegrained_perception (cross-instance)", "FP-C",
          "logic_reasoning", "LR",
          "relation_reasoning", "RR",
          "attribute_reasoning", "AR");

  /** Splits whose accuracy is the headline, the first of them that there is. */
  private static final List<String> HEADLINE = List.of("validation", "val", "dev", "test", "none");

  /** A row that counts, and whether it is a hit. */
  record Line(Item item, boolean hit) {
    String split() {
      String split = item.get("split");
      return split == null ? "none" : split;
    }

    /** The categories of its row. */
    List<String> groups() {
      List<String> groups = new ArrayList<>();
      for (String column : List.of("l2-category", "category")) {
        String group = item.get(column);
        if (group != null) {
          groups.add(SHORT.getOrDefault(group, group));
        }
      }
      return groups;
    }
  }

  private AccuracyTable() {}

  /** The split that the headline is made of. */
  static String headlineSplit(List<Line> lines) {
    TreeSet<String> splits = new TreeSet<>();
    lines.forEach(line -> splits.add(line.split()));
    return HEADLINE.stream().filter(splits::contains).findFirst().orElse(splits.first());
  }

  static List<Map<String, Object>> of(List<Line> lines) {
    Map<String, List<Line>> splits = new TreeMap<>();
    lines.forEach(line -> splits.computeIfAbsent(line.split(), key -> new ArrayList<>()).add(line));
    List<Map<String, Object>> table = new ArrayList<>();
    splits.forEach(
        (split, own) -> {
          Map<String, Object> record = new LinkedHashMap<>();
          record.put("split", split);
          record.put("Overall", mean(own, line -> true));
          for (String column : List.of("l2-category", "category")) {
            for (String group : groups(lines, column)) {
              // Of two levels with the same name the second one stands.
              record.put(
                  SHORT.getOrDefault(group, group),
                  mean(own, line -> group.equals(line.item().get(column))));
            }
          }
          table.add(record);
        });
    return table;
  }

  private static TreeSet<String> groups(List<Line> lines, String column) {
    TreeSet<String> groups = new TreeSet<>();
    for (Line line : lines) {
      if (line.item().get(column) != null) {
        groups.add(line.item().get(column));
      }
    }
    return groups;
  }

  /** Null for a category that a split lacks. */
  private static @Nullable Double mean(List<Line> lines, Predicate<Line> counts) {
    var hits = lines.stream().filter(counts).mapToInt(line -> line.hit() ? 1 : 0);
    var mean = hits.average();
    return mean.isPresent() ? mean.getAsDouble() : null;
  }
}
