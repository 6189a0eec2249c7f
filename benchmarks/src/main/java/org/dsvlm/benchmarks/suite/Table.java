/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The one table: a line a case. */
final class Table {
  private static final List<String> HEAD =
      List.of("case", "ours", "PyTorch", "ratio", "of the floor", "bytes, ours", "bytes, PyTorch");

  private static final double MILLIS = 1000;
  private static final String NONE = "–";

  private Table() {}

  /** The table as Markdown, aligned so that a terminal shows it well, and the notes below it. */
  static String of(List<Rows.Row> rows) {
    List<List<String>> lines = new ArrayList<>(List.of(HEAD));
    rows.forEach(row -> lines.add(cells(row)));
    int[] widths =
        IntStream.range(0, HEAD.size())
            .map(column -> lines.stream().mapToInt(l -> l.get(column).length()).max().orElse(0))
            .toArray();
    StringBuilder text = new StringBuilder(line(HEAD, widths));
    text.append(
        IntStream.range(0, widths.length)
            .mapToObj(i -> i == 0 ? "-".repeat(widths[i]) : "-".repeat(widths[i] - 1) + ":")
            .collect(Collectors.joining(" | ", "| ", " |\n")));
    lines.stream().skip(1).forEach(cells -> text.append(line(cells, widths)));
    for (Rows.Row row : rows) {
      row.notes().forEach(note -> text.append("\n").append(row.name()).append(": ").append(note));
    }
    return rows.stream().allMatch(row -> row.notes().isEmpty())
        ? text.toString()
        : text.append("\n").toString();
  }

  private static String line(List<String> cells, int[] widths) {
    return IntStream.range(0, widths.length)
        .mapToObj(i -> pad(cells.get(i), widths[i], i == 0))
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  private static String pad(String text, int width, boolean left) {
    String blanks = String.join("", Collections.nCopies(width - text.length(), " "));
    return left ? text + blanks : blanks + text;
  }

  private static List<String> cells(Rows.Row row) {
    return List.of(
        row.name(),
        figure(row.ours(), row.unit()),
        figure(row.peer(), row.unit()),
        row.ratio() == null ? NONE : String.format(Locale.ROOT, "%.2f", row.ratio()),
        row.floorShare() == null
            ? NONE
            : String.format(Locale.ROOT, "%.0f %%", 100 * row.floorShare()),
        bytes(row.ours()),
        bytes(row.peer()));
  }

  private static String figure(Rows.Figure figure, String unit) {
    if (figure == null) {
      return NONE;
    }
    double value = unit.equals("ms") ? figure.medianMs() : MILLIS / figure.medianMs();
    String digits = value < 1 ? "%.3f" : value < 100 ? "%.2f" : "%.0f";
    return String.format(Locale.ROOT, digits, value) + " " + unit;
  }

  private static String bytes(Rows.Figure figure) {
    return figure == null || figure.extraBytes() == null
        ? NONE
        : String.format(Locale.ROOT, "%.1f MB", figure.extraBytes() / 1e6);
  }
}
