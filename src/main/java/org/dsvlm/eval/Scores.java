/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.List;
import java.util.Map;

/**
 * The scores of one benchmark.
 *
 * @param table the leaderboard tool's own table: a line is a map from column to value
 * @param oneLine whether the tool writes the table as one object rather than as a list
 * @param headline the figure that the leaderboard shows
 * @param rows what was read from each reply
 * @param units what the headline is made of, for {@link Figure}
 * @param notes what a reader of the figure must know
 */
public record Scores(
    List<Map<String, Object>> table,
    boolean oneLine,
    double headline,
    List<RowResult> rows,
    List<Unit> units,
    List<String> notes) {}
