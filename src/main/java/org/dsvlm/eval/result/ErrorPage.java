/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.EncodedPicture;
import org.dsvlm.eval.RowResult;
import org.dsvlm.eval.Scores;
import org.dsvlm.eval.table.Row;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.report.Html;
import org.dsvlm.report.Page;
import org.dsvlm.report.Thumbnail;

/**
 * The worst errors with their pictures: lowest scores first, and of equal ones those of the weakest
 * category. Nothing of a file or a reply reaches the page but as escaped text.
 */
public final class ErrorPage {
  private static final int MOST = 60;
  private static final int WIDTH = 320;
  private static final int LONGEST = 2000;

  private ErrorPage() {}

  /**
   * Writes the page.
   *
   * @param replies by index
   */
  public static void write(
      Path target,
      Summary summary,
      BenchmarkFile file,
      Map<String, String> replies,
      Scores scores) {
    Map<String, Double> means = means(scores);
    List<RowResult> errors =
        scores.rows().stream()
            .filter(row -> row.score() != null && isError(row))
            .sorted(
                Comparator.comparingDouble(ErrorPage::score)
                    .thenComparingDouble(row -> weakest(row, means)))
            .limit(MOST)
            .toList();
    Map<String, Integer> positions = new HashMap<>();
    for (int i = 0; i < file.size(); i++) {
      positions.put(file.index(i), i);
    }
    List<String> sections = new ArrayList<>();
    for (RowResult row : errors) {
      sections.add(
          section(
              summary.benchmark(),
              file,
              Objects.requireNonNull(positions.get(row.index())),
              row,
              Objects.requireNonNull(replies.get(row.index()))));
    }
    String lead =
        String.format(
            Locale.ROOT,
            "<p>%s: %s. %d of %d questions answered; the %d worst errors are shown.</p>%n<p>judge: %s</p>%n",
            Html.escape(summary.benchmark().title()),
            Html.number(summary.headline(), 4),
            summary.answered(),
            summary.questions(),
            errors.size(),
            Html.escape(summary.judge()));
    AtomicFiles.text(
        target,
        new Page("DS-VLM evaluation", summary.benchmark().title() + ": errors")
            .html(lead, sections, "dsvlm eval"));
  }

  /** A miss; of LLaVABench, a grade below the reference's. */
  private static boolean isError(RowResult row) {
    double score = score(row);
    return row.read().get("reference_score") instanceof Double reference
        ? score < reference
        : score == 0;
  }

  private static double score(RowResult row) {
    return Objects.requireNonNull(row.score());
  }

  private static Map<String, Double> means(Scores scores) {
    Map<String, double[]> sums = new HashMap<>();
    for (RowResult row : scores.rows()) {
      if (row.score() != null) {
        for (String group : row.groups()) {
          double[] sum = sums.computeIfAbsent(group, key -> new double[2]);
          sum[0] += row.score();
          sum[1]++;
        }
      }
    }
    Map<String, Double> means = new HashMap<>();
    sums.forEach((group, sum) -> means.put(group, sum[0] / sum[1]));
    return means;
  }

  private static double weakest(RowResult row, Map<String, Double> means) {
    return row.groups().stream().mapToDouble(means::get).min().orElse(1);
  }

  private static String section(
      Benchmark benchmark, BenchmarkFile file, int position, RowResult row, String reply) {
    StringBuilder html = new StringBuilder("<p>");
    pictures(file, position).forEach(picture -> html.append(tag(picture)).append(' '));
    html.append("</p>\n");
    Row asked = Objects.requireNonNull(file.rows().get(row.index()));
    String text = benchmark.text(asked);
    html.append(Html.details("Question", preformatted(text)));
    html.append(
        Html.table(
            "Row " + row.index(),
            List.of("", ""),
            List.of(
                List.of("reply", new Html.Markup(preformatted(reply))),
                List.of(
                    "right answer",
                    new Html.Markup(preformatted(String.valueOf(asked.get("answer"))))),
                List.of(
                    "read from the reply", new Html.Markup(preformatted(row.read().toString()))))));
    return Html.section(
        "row-" + row.index().replaceAll("[^A-Za-z0-9]", "-"),
        row.index() + " · " + String.join(", ", row.groups()),
        html.toString());
  }

  /** None for a file of predictions that is scored without the benchmark's own file. */
  private static List<EncodedPicture> pictures(BenchmarkFile file, int position) {
    return file.hasPictures() ? file.get(position).pictures() : List.of();
  }

  private static String preformatted(String text) {
    String shown = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " …";
    return "<pre>" + Html.escape(shown) + "</pre>";
  }

  /** A picture that cannot be shown must not keep the others from being seen. */
  private static String tag(EncodedPicture picture) {
    try {
      return Thumbnail.of(picture.picture(), WIDTH).html("");
    } catch (DsVlmException e) {
      return "<em>" + Html.escape(e.getMessage()) + "</em>";
    }
  }
}
