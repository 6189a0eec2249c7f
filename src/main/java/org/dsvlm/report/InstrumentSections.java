/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.dsvlm.train.run.ConditionUseWarning;
import org.dsvlm.train.run.Measurement;

/** The section of the instruments: whether the picture's error reaches the encoder. */
final class InstrumentSections {
  private static final String USE = Measurement.CONDITION_USE;
  private static final String BY_TIMESTEP = USE + "_by_timestep/";
  private static final String BY_FEATURE = USE + "_by_feature/";
  private static final String ERROR = "reconstruction_mae";
  private static final String NORM = "grad_norm_";
  private static final String LOSS = "loss_";

  private final Metrics metrics;
  private final Sessions sessions;
  private final int[] rows;

  InstrumentSections(Metrics metrics, Sessions sessions) {
    this.metrics = metrics;
    this.sessions = sessions;
    this.rows = metrics.rowsWith(USE);
  }

  private static Optional<String> warningText(Metrics metrics) {
    double[] uses = metrics.values(USE);
    return ConditionUseWarning.of(Arrays.stream(uses).filter(Double::isFinite).toArray());
  }

  /** A paragraph if the diffusion model does without the features; else nothing. */
  static String warning(Metrics metrics) {
    return warningText(metrics)
        .map(text -> "<p class=\"warning\">" + Html.escape(text) + "</p>\n")
        .orElse("");
  }

  /** The same in words for a terminal, after the figures in one line. */
  List<String> lastWords() {
    List<String> lines = new ArrayList<>();
    if (rows.length > 0) {
      lines.add("condition use " + percent(last(USE)) + (share().isEmpty() ? "" : "; " + share()));
      warningText(metrics).ifPresent(lines::add);
    }
    return lines;
  }

  private String share() {
    double share = sessions.instrumentShare();
    return Double.isFinite(share)
        ? "the instruments took " + percent(share) + " of the time in stages 1 and 2"
        : "";
  }

  /** The section; nothing if nothing was measured. */
  String html() {
    return Html.section(
        "instruments", "Does the supervision teach?", (rows.length == 0 ? "" : use()) + probes());
  }

  private String use() {
    String charts =
        percentChart("Condition use, %", List.of(USE, USE + "_zeros"))
            + percentChart("Condition use by timestep, %", columns(BY_TIMESTEP))
            + chart(
                    "Mean absolute error",
                    List.of(ERROR, ERROR + "_autoencoder", ERROR + "_mean_picture"),
                    1)
                .html()
            + chart("Gradient norm of each loss", lossNorms(), 1).logarithmic().html();
    return "<p>Condition use: by how much the reconstruction loss rises with another picture's"
        + " features. At 0 the diffusion model does without the features, and its loss teaches"
        + " the encoder nothing. Measured on the same pictures, timesteps and noise throughout"
        + " a stage.</p>\n"
        + "<div class=\"charts\">\n"
        + charts
        + "</div>\n"
        + features()
        + (share().isEmpty() ? "" : "<p>In all, " + share() + ".</p>\n");
  }

  /** What a ridge regression reads from the encoder's features after each stage. */
  private String probes() {
    List<List<String>> table = new ArrayList<>();
    double[] stages = metrics.values("stage");
    for (String label : metrics.endings("probe/")) {
      for (int row : metrics.rowsWith("probe/" + label)) {
        table.add(
            List.of(
                Html.escape(label) + ", stage " + Html.number(stages[row]),
                value("probe/" + label, row) + " ± " + value("probe_error/" + label, row),
                value("probe_grid/" + label, row),
                value("probe_majority/" + label, row),
                Html.number(metrics.values("probe_records/" + label)[row])));
      }
    }
    return table.isEmpty()
        ? ""
        : Html.table(
            "Held-out pictures whose label a ridge regression finds in the encoder's features",
            List.of("", "mean of the patches", "grid of 4 × 4", "most frequent label", "pictures"),
            table);
  }

  private String value(String column, int row) {
    return Html.number(metrics.values(column)[row], 3);
  }

  private List<String> columns(String prefix) {
    return metrics.endings(prefix).stream().map(ending -> prefix + ending).toList();
  }

  /** Norms of one loss's gradient over a part's parameters. */
  private List<String> lossNorms() {
    List<String> losses = metrics.endings(LOSS);
    return metrics.endings(NORM).stream()
        .filter(name -> !name.startsWith("feature_"))
        .filter(name -> losses.stream().anyMatch(loss -> name.endsWith("_" + loss)))
        .map(name -> NORM + name)
        .toList();
  }

  /** Each feature's share of the condition use beside the routers' weight of it. */
  private String features() {
    List<List<String>> table = new ArrayList<>();
    for (String feature : metrics.endings(BY_FEATURE)) {
      double weight = CurveSections.mean(CurveSections.lastTenth(metrics.routerMeans(feature)));
      table.add(
          List.of(
              Html.escape(feature), percent(last(BY_FEATURE + feature)), Html.number(weight, 3)));
    }
    return table.isEmpty()
        ? ""
        : Html.table(
            "Features at the last measurement",
            List.of("", "loss rises with another picture's by", "routers' mean weight"),
            table);
  }

  private String percentChart(String title, List<String> columns) {
    return chart(title, columns, 100).html();
  }

  /** Of the rows that were measured alone, which the chart joins. */
  private LineChart chart(String title, List<String> columns, double factor) {
    double[] steps = measured("step", 1);
    List<Curve> curves =
        columns.stream()
            .map(
                column -> Curve.of(name(column), steps, measured(column, factor), LineChart.POINTS))
            .toList();
    return new LineChart(title, curves, LineChart.Marks.NONE);
  }

  private double[] measured(String column, double factor) {
    double[] values = metrics.values(column);
    return Arrays.stream(rows).mapToDouble(row -> factor * values[row]).toArray();
  }

  private static String name(String column) {
    return column
        .replaceFirst("^" + USE + "$", "another picture's features")
        .replaceFirst("^" + USE + "_zeros$", "zeros")
        .replaceFirst("^" + BY_TIMESTEP, "t = ")
        .replaceFirst("^" + NORM, "")
        .replaceFirst("^" + ERROR + "$", "reconstruction")
        .replaceFirst("^" + ERROR + "_", "")
        .replace('_', ' ');
  }

  private double last(String column) {
    double[] values = metrics.values(column);
    return rows.length == 0 ? Double.NaN : values[rows[rows.length - 1]];
  }

  private static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.2f %%", 100 * share) : "–";
  }
}
