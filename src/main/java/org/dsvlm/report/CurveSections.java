/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The sections of curves: losses, routers, optimization, throughput and memory. */
final class CurveSections {
  private static final String LOSS = "loss_";
  private static final String VALIDATION = "validation_loss";
  private static final String RATE = "learning_rate";
  private static final String NORM = "grad_norm";
  private static final String PART = "_";
  private static final double MEBIBYTE = 1 << 20;
  private static final double GIBIBYTE = 1 << 30;

  private final Metrics metrics;
  private final Metrics autoencoder;
  private final double[] steps;
  private final LineChart.Marks marks;

  /**
   * @param metrics of stages 1 and 2
   * @param autoencoder of stage 0
   */
  CurveSections(Metrics metrics, Metrics autoencoder) {
    this.metrics = metrics;
    this.autoencoder = autoencoder;
    this.steps = metrics.values("step");
    this.marks = new LineChart.Marks(stageStarts(), skippedSteps(metrics));
  }

  private double[] stageStarts() {
    double[] stages = metrics.values("stage");
    return IntStream.range(1, stages.length)
        .filter(i -> stages[i] != stages[i - 1])
        .mapToDouble(i -> steps[i])
        .toArray();
  }

  /** Steps whose loss or gradient was not finite. */
  static double[] skippedSteps(Metrics metrics) {
    double[] steps = metrics.values("step");
    double[] losses = metrics.values("loss");
    double[] norms = metrics.values(NORM);
    return IntStream.range(0, metrics.rows())
        .filter(i -> !Double.isFinite(losses[i]) || !Double.isFinite(norms[i]))
        .mapToDouble(i -> steps[i])
        .toArray();
  }

  String losses() {
    StringBuilder charts = new StringBuilder();
    for (String loss : metrics.endings(LOSS)) {
      charts.append(
          chart(name(loss) + " loss", List.of(curve(name(loss), LOSS + loss))).smoothed().html());
    }
    charts.append(validation());
    double[] fitted = autoencoder.values("step");
    List<Curve> fit =
        autoencoder.endings(LOSS).stream()
            .map(
                loss ->
                    Curve.of(name(loss), fitted, autoencoder.values(LOSS + loss), LineChart.POINTS))
            .toList();
    charts.append(
        new LineChart("Stage 0: the autoencoder's fit", fit, LineChart.Marks.NONE)
            .logarithmic()
            .html());
    String key =
        charts.isEmpty()
            ? ""
            : "<p>Bold: running averages. Dashed: a new stage. Red at the foot: skipped steps.</p>";
    return Html.section("losses", "Losses", key + grid(charts) + table(losses(metrics)));
  }

  /** Losses on records that are not trained on, of the steps that have them. */
  private String validation() {
    int[] rows = metrics.rowsWith(VALIDATION);
    double[] evaluated = Arrays.stream(rows).mapToDouble(row -> steps[row]).toArray();
    List<Curve> curves =
        metrics.endings(VALIDATION).stream()
            .map(
                ending -> {
                  double[] values = metrics.values(VALIDATION + ending);
                  return Curve.of(
                      ending.isEmpty() ? "weighted sum" : name(ending.substring(1)),
                      evaluated,
                      Arrays.stream(rows).mapToDouble(row -> values[row]).toArray(),
                      LineChart.POINTS);
                })
            .toList();
    return new LineChart("Losses on records that are not trained on", curves, marks).html();
  }

  private static Map<String, double[]> losses(Metrics metrics) {
    Map<String, double[]> losses = new TreeMap<>();
    metrics.endings(LOSS).forEach(loss -> losses.put(name(loss), metrics.values(LOSS + loss)));
    return losses;
  }

  String optimization() {
    List<Curve> rates = new ArrayList<>();
    rates.addAll(parts(RATE));
    if (rates.isEmpty()) {
      rates.add(curve("learning rate", RATE));
    }
    List<Curve> norms = new ArrayList<>(List.of(curve("all", NORM)));
    norms.addAll(parts(NORM));
    Map<String, double[]> columns = new TreeMap<>();
    columns.put("all", metrics.values(NORM));
    partsOf(NORM).forEach(part -> columns.put(name(part), metrics.values(NORM + PART + part)));
    return Html.section(
        "optimization",
        "Optimization",
        grid(
                chart("Learning rate", sameTogether(rates)).html()
                    + chart("Gradient norm before clipping", norms).logarithmic().html())
            + table(columns));
  }

  private List<Curve> parts(String figure) {
    return partsOf(figure).stream().map(part -> curve(name(part), figure + PART + part)).toList();
  }

  /** Parts that have the figure; those of one loss alone are the instruments'. */
  private List<String> partsOf(String figure) {
    List<String> losses = metrics.endings(LOSS);
    return metrics.endings(figure + PART).stream()
        .filter(part -> losses.stream().noneMatch(loss -> part.endsWith(PART + loss)))
        .toList();
  }

  /** Parts that have the same rate throughout are one curve. */
  private static List<Curve> sameTogether(List<Curve> curves) {
    List<Curve> together = new ArrayList<>();
    for (Curve curve : curves) {
      int same = 0;
      while (same < together.size() && !Arrays.equals(together.get(same).mean(), curve.mean())) {
        same++;
      }
      if (same == together.size()) {
        together.add(curve);
      } else {
        Curve first = together.get(same);
        together.set(
            same,
            new Curve(
                first.name() + ", " + curve.name(),
                first.steps(),
                first.mean(),
                first.low(),
                first.high()));
      }
    }
    return together;
  }

  String throughput() {
    double[] bytes = metrics.values("resident_bytes");
    boolean large = Arrays.stream(bytes).anyMatch(value -> value >= GIBIBYTE);
    double unit = large ? GIBIBYTE : MEBIBYTE;
    double[] resident = Arrays.stream(bytes).map(value -> value / unit).toArray();
    Curve memory = Curve.of("resident", steps, resident, LineChart.POINTS);
    Curve records = curve("records a second", "samples_per_second");
    return Html.section(
        "throughput",
        "Throughput and memory",
        grid(
            chart("Records a second", List.of(records)).smoothed().html()
                + chart("Resident memory, " + (large ? "GiB" : "MiB"), List.of(memory)).html()));
  }

  String routers() {
    List<String> features = metrics.features();
    if (features.isEmpty()) {
      return "";
    }
    List<Curve> means =
        features.stream()
            .map(
                feature -> Curve.of(feature, steps, metrics.routerMeans(feature), LineChart.POINTS))
            .toList();
    StringBuilder html = new StringBuilder();
    html.append(
        "<p>How much each router lets each feature count; those of a layer sum to 1. Layers are"
            + " the UNet's cross-attentions in running order.</p>");
    List<String> layers = metrics.routerLayers();
    html.append(grid(chart("Mean over the layers", means).html() + lastWeights(features, layers)));
    html.append(heatMaps(features, layers));
    return Html.section("routers", "Router weights", html.toString());
  }

  private String heatMaps(List<String> features, List<String> layers) {
    if (layers.isEmpty()) {
      return "";
    }
    StringBuilder html = new StringBuilder("<div class=\"heats\">");
    double even = 1.0 / features.size();
    double farthest =
        features.stream()
            .flatMap(feature -> layers.stream().map(layer -> metrics.routerWeights(layer, feature)))
            .flatMapToDouble(Arrays::stream)
            .filter(Double::isFinite)
            .map(weight -> Math.abs(weight - even))
            .max()
            .orElse(0);
    for (String feature : features) {
      List<double[]> rows =
          layers.stream().map(layer -> metrics.routerWeights(layer, feature)).toList();
      html.append(new HeatMap(even, farthest).html(feature, layers, rows, steps));
    }
    return html.append(new HeatMap(even, farthest).scale()).append("</div>\n").toString();
  }

  private String lastWeights(List<String> features, List<String> layers) {
    if (layers.isEmpty()) {
      return "";
    }
    List<String> heads = new ArrayList<>(List.of("layer"));
    heads.addAll(features);
    List<List<Object>> rows = new ArrayList<>();
    for (String layer : layers) {
      List<Object> row = new ArrayList<>(List.of(layer));
      for (String feature : features) {
        double weight = mean(lastTenth(metrics.routerWeights(layer, feature)));
        row.add(
            new Html.Markup(
                String.format(
                    Locale.ROOT,
                    "<span class=\"weight\" style=\"--w:%s\">%s</span>",
                    Html.number(weight, 3),
                    Html.number(weight, 3))));
      }
      rows.add(row);
    }
    return Html.table("Means over the last tenth of the steps", heads, rows);
  }

  private Curve curve(String name, String column) {
    return Curve.of(name, steps, metrics.values(column), LineChart.POINTS);
  }

  private LineChart chart(String title, List<Curve> curves) {
    return new LineChart(title, curves, marks);
  }

  private static String grid(CharSequence charts) {
    return charts.isEmpty()
        ? ""
        : String.format(Locale.ROOT, "<div class=\"charts\">%n%s</div>%n", charts);
  }

  private static String table(Map<String, double[]> columns) {
    List<List<String>> rows = new ArrayList<>();
    columns.forEach(
        (name, values) -> {
          double[] finite = Arrays.stream(values).filter(Double::isFinite).toArray();
          if (finite.length > 0) {
            rows.add(
                List.of(
                    name,
                    Html.number(finite[0]),
                    Html.number(Arrays.stream(finite).min().orElseThrow()),
                    Html.number(Arrays.stream(finite).max().orElseThrow()),
                    Html.number(mean(lastTenth(values))),
                    Html.number(finite[finite.length - 1])));
          }
        });
    return rows.isEmpty()
        ? ""
        : Html.details(
            "In numbers",
            Html.table(
                "Over all steps",
                List.of("", "first", "lowest", "highest", "mean of the last tenth", "last"),
                rows));
  }

  /** The last tenth of {@code values}, one at least. */
  static double[] lastTenth(double[] values) {
    return Arrays.copyOfRange(values, values.length - (values.length + 9) / 10, values.length);
  }

  static double mean(double[] values) {
    return Arrays.stream(values).filter(Double::isFinite).average().orElse(Double.NaN);
  }

  private static String name(String key) {
    return key.replace('_', ' ');
  }
}
