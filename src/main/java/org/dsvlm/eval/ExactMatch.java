/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.dsvlm.eval.table.PythonText;
import org.dsvlm.eval.table.Row;

/**
 * Questions with short answers in a file of the user's own, such as those about the pictures that
 * nano-scratch holds out. The leaderboard knows no such benchmark. A reply is a hit if it equals
 * the answer, but for the case of letters, white space around it and a full stop at its end.
 */
public final class ExactMatch implements Benchmark {
  @Override
  public String key() {
    return "exact";
  }

  @Override
  public String title() {
    return "Exact match";
  }

  @Override
  public List<String> datasets() {
    return List.of("EXACT");
  }

  @Override
  public boolean onLeaderboard() {
    return false;
  }

  @Override
  public boolean accuracyTable() {
    return true;
  }

  @Override
  public String text(Row row) {
    return row.require("question");
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    List<AccuracyTable.Line> lines = new ArrayList<>();
    List<RowResult> rows = new ArrayList<>();
    for (Item item : items) {
      boolean hit = isRight(item.reply(), item.require("answer"));
      AccuracyTable.Line line = new AccuracyTable.Line(item, hit);
      lines.add(line);
      rows.add(RowResult.hit(item, line.groups(), hit, Map.of()));
    }
    return MultipleChoice.scores(lines, rows, List.of());
  }

  /** Whether a reply is the answer, but for letter case, outer white space and a last full stop. */
  public static boolean isRight(String reply, String answer) {
    return plain(reply).equals(plain(answer));
  }

  private static String plain(String text) {
    String stripped = PythonText.strip(text.toLowerCase(Locale.ROOT));
    return stripped.endsWith(".") ? stripped.substring(0, stripped.length() - 1) : stripped;
  }
}
