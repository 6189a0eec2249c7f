/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.dsvlm.eval.table.Row;
import org.jspecify.annotations.Nullable;

/**
 * MMBench, scored in circles: each question stands there once for every rotation of its options,
 * and is a hit only where all rotations are right. Rows with the same index modulo a million are
 * one question; the first of them, below a million, is the one that counts.
 *
 * <p>A rotation that is plainly wrong fails its group before any judge is asked. A rotation that is
 * missing from the file is not missed: the tool scores those that are there.
 */
final class MmBench extends MultipleChoice {
  private static final long CIRCLE = 1_000_000;

  MmBench() {
    super(
        "mmbench",
        "MMBench",
        List.of(
            "MMBench_DEV_EN",
            "MMBench_DEV_EN_V11",
            "MMBench_DEV_CN",
            "MMBench_DEV_CN_V11",
            "MMBench_TEST_EN",
            "MMBench_TEST_EN_V11",
            "MMBench_TEST_CN",
            "MMBench_TEST_CN_V11",
            "MMBench",
            "MMBench_V11",
            "MMBench_CN",
            "MMBench_CN_V11"));
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    Map<Long, List<Item>> groups = new LinkedHashMap<>();
    for (Item item : items) {
      groups.computeIfAbsent(number(item) % CIRCLE, key -> new ArrayList<>()).add(item);
    }
    Map<String, String> chosen = read(groups, judging);
    List<AccuracyTable.Line> lines = new ArrayList<>();
    List<RowResult> rows = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (Map.Entry<Long, List<Item>> group : groups.entrySet()) {
      boolean hit =
          group.getValue().stream().allMatch(item -> truth(item).equals(chosen.get(item.index())));
      boolean counted = false;
      for (Item item : group.getValue()) {
        AccuracyTable.Line line = new AccuracyTable.Line(item, hit);
        Map<String, Object> read = extracted(chosen.get(item.index()));
        if (number(item) == group.getKey()) {
          lines.add(line);
          rows.add(RowResult.hit(item, line.groups(), hit, read));
          counted = true;
        } else {
          rows.add(new RowResult(item.index(), line.groups(), null, read));
        }
      }
      note(group.getKey(), group.getValue(), counted, notes);
    }
    if (lines.isEmpty()) {
      throw items.get(0).row().error("index", "no index is below " + CIRCLE + ": no row counts");
    }
    return scores(lines, rows, notes);
  }

  private static Map<String, Object> extracted(@Nullable String letter) {
    return Map.of("extracted", letter == null ? OptionReading.NONE : letter);
  }

  private void note(long group, List<Item> items, boolean counted, List<String> notes) {
    int rotations = options(items.get(0)).size();
    if (!counted) {
      notes.add(
          String.format(
              Locale.ROOT,
              "question %d is left out, as by the leaderboard's tool: its first rotation is missing",
              group));
    } else if (items.size() < rotations) {
      notes.add(
          String.format(
              Locale.ROOT,
              "question %d has %d of %d rotations; scored by those, as by the leaderboard's tool",
              group,
              items.size(),
              rotations));
    }
  }

  /** Reads the plain replies, then asks about the others of groups that are not yet lost. */
  private Map<String, String> read(Map<Long, List<Item>> groups, Judging judging) {
    Map<String, String> chosen = new HashMap<>();
    List<Item> open = new ArrayList<>();
    for (List<Item> group : groups.values()) {
      List<Item> unread = new ArrayList<>();
      boolean lost = false;
      for (Item item : group) {
        Optional<String> letter = OptionReading.read(item.reply(), options(item));
        if (letter.isPresent()) {
          chosen.put(item.index(), letter.get());
          lost |= !letter.get().equals(truth(item));
        } else {
          unread.add(item);
        }
      }
      if (!lost) {
        open.addAll(unread);
      }
    }
    ask(open, judging, chosen);
    return chosen;
  }

  @Override
  public boolean isRotation(Row row) {
    return number(row) >= CIRCLE;
  }

  private static long number(Item item) {
    return number(item.row());
  }

  private static long number(Row row) {
    String index = row.require("index");
    try {
      return Long.parseLong(index);
    } catch (NumberFormatException e) {
      throw row.error("index", "'" + index + "' is no whole number");
    }
  }
}
