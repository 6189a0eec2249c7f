/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import org.dsvlm.eval.table.Row;
import org.jspecify.annotations.Nullable;

/**
 * A row of a benchmark and the reply to it.
 *
 * @param index the row's index
 * @param row the benchmark's row
 * @param reply the reply as the leaderboard's tool sees it after pandas has read it from a file: an
 *     empty one has become "nan"
 */
public record Item(String index, Row row, String reply) {
  /** The cell of that column. */
  public @Nullable String get(String column) {
    return row.get(column);
  }

  /** The cell of that column, which must be there. */
  public String require(String column) {
    return row.require(column);
  }
}
