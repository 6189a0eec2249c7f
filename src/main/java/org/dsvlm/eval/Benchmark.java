/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.List;
import org.dsvlm.eval.table.Row;

/** A benchmark: what a row asks and how the replies are scored. */
public interface Benchmark {
  /** Its name on the command line. */
  String key();

  /** Its name in tables. */
  String title();

  /** The leaderboard's names of its files, the usual one first. */
  List<String> datasets();

  /** The text of a row's question; the pictures stand before it. */
  String text(Row row);

  /** Scores replies. */
  Scores score(List<Item> items, Judging judging);

  /**
   * Each of {@code items} for itself, read by exact matching; empty where a benchmark has questions
   * without given answers.
   */
  default List<ClosedAnswer> closed(List<Item> items) {
    return List.of();
  }

  /** Whether the row asks what an earlier row asks, with its options in another order. */
  default boolean isRotation(Row row) {
    return false;
  }

  /** How the headline is made of the units' shares. */
  default Figure figure() {
    return Figure.PERCENT;
  }

  /** Whether the tool calls the table accuracies ("_acc") rather than scores. */
  default boolean accuracyTable() {
    return false;
  }

  /** Whether there is no score without a judge. */
  default boolean needsJudge() {
    return false;
  }

  /** Whether it is one of the leaderboard's ten, which are asked in its tool's form. */
  default boolean onLeaderboard() {
    return true;
  }

  /** The largest headline. */
  default double best() {
    return 100;
  }
}
