/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.table.TsvWriter;

/**
 * The headlines in the order of the paper's columns, with their average. MME, which goes up to
 * 2800, enters the average in percent of that, as on the leaderboard.
 */
public final class ResultTable {
  private final Map<String, Summary> byKey = new TreeMap<>();

  public ResultTable(List<Summary> summaries) {
    summaries.forEach(summary -> byKey.put(summary.benchmark().key(), summary));
  }

  /** The paper's columns; without any of its benchmarks, the user's own. */
  private List<Benchmark> columns() {
    return byKey.values().stream().anyMatch(summary -> summary.benchmark().onLeaderboard())
        ? Benchmarks.all()
        : byKey.values().stream().map(Summary::benchmark).toList();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  /** The mean over the benchmarks that were scored. */
  public double average() {
    return byKey.values().stream()
        .mapToDouble(summary -> summary.headline() / summary.benchmark().best() * 100)
        .average()
        .orElse(Double.NaN);
  }

  /** For reading: columns of even width, and who judged. */
  public String text() {
    StringBuilder head = new StringBuilder();
    StringBuilder figures = new StringBuilder();
    for (Benchmark benchmark : columns()) {
      Summary summary = byKey.get(benchmark.key());
      column(head, figures, benchmark.title(), summary == null ? "–" : number(summary.headline()));
    }
    if (columns().size() > 1) {
      column(
          head,
          figures,
          byKey.size() == columns().size() ? "Average" : "Average of " + byKey.size(),
          number(average()));
    }
    StringBuilder text = new StringBuilder();
    text.append(head.toString().stripTrailing()).append('\n');
    text.append(figures.toString().stripTrailing()).append('\n');
    for (Benchmark benchmark : columns()) {
      Summary summary = byKey.get(benchmark.key());
      if (summary != null) {
        text.append(
            String.format(
                Locale.ROOT,
                "%s: %d of %d questions answered, judge: %s%n",
                benchmark.title(),
                summary.answered(),
                summary.questions(),
                summary.judge()));
      }
    }
    return text.toString();
  }

  private static void column(
      StringBuilder head, StringBuilder figures, String title, String figure) {
    int width = Math.max(title.length(), figure.length());
    head.append(String.format(Locale.ROOT, "%" + width + "s  ", title));
    figures.append(String.format(Locale.ROOT, "%" + width + "s  ", figure));
  }

  /** One line of values; a benchmark that was not scored has none. */
  public String csv() {
    List<String> head = new ArrayList<>();
    List<String> line = new ArrayList<>();
    for (Benchmark benchmark : columns()) {
      Summary summary = byKey.get(benchmark.key());
      head.add(benchmark.title());
      line.add(summary == null ? null : Double.toString(summary.headline()));
    }
    if (columns().size() > 1) {
      head.add("Average");
      line.add(Double.toString(average()));
    }
    StringWriter text = new StringWriter();
    TsvWriter rows = new TsvWriter(text, ',');
    try {
      rows.row(head);
      rows.row(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
