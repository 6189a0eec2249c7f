/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The reading of one reply.
 *
 * @param index of the row
 * @param groups the categories that the row counts in
 * @param score 0 for a miss, 1 for a hit; LLaVABench has the judge's score; null for a row that is
 *     scored within another one's group
 * @param read by name: {@code extracted}, {@code hit}, {@code score} …, as the leaderboard's tool
 *     calls it
 */
public record RowResult(
    String index, List<String> groups, @Nullable Double score, Map<String, Object> read) {
  static RowResult hit(Item item, List<String> groups, boolean hit, Map<String, Object> before) {
    Map<String, Object> read = new LinkedHashMap<>(before);
    read.put("hit", hit ? 1 : 0);
    return new RowResult(item.index(), groups, hit ? 1.0 : 0.0, read);
  }
}
