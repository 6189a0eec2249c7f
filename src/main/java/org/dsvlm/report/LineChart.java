/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Curves over the steps, as a figure of inline SVG. Its colours are classes of the page's style
 * sheet, and its numbers stand beside it for the page's script, which shows them at the pointer.
 */
final class LineChart {
  /** Points that a curve has at most. */
  static final int POINTS = 300;

  private static final int WIDTH = 460;
  private static final int HEIGHT = 230;
  private static final int LEFT = 52;
  private static final int RIGHT = 8;
  private static final int TOP = 10;
  private static final int BOTTOM = 26;
  private static final double BASE = HEIGHT - BOTTOM;
  private static final double SMOOTHING = 0.9;
  private static final int FEWEST_TO_SMOOTH = 20;
  private static final int COLOURS = 8;
  private static final int ROOM_OF_A_NUMBER = 20;

  private final String title;
  private final List<Curve> curves;
  private final Marks marks;
  private boolean logarithmic;
  private boolean smooth;

  /**
   * The marks that all charts of a run show below their curves.
   *
   * @param stages first steps of stages but the first; curves do not go on across them
   * @param skipped steps that were skipped
   */
  record Marks(double[] stages, double[] skipped) {
    static final Marks NONE = new Marks(new double[0], new double[0]);
  }

  LineChart(String title, List<Curve> curves, Marks marks) {
    this.title = title;
    this.curves = curves.stream().filter(curve -> !curve.isEmpty()).toList();
    this.marks = marks;
  }

  /** Equal distances are equal factors, if all values are above 0. */
  LineChart logarithmic() {
    logarithmic =
        curves.stream().flatMapToDouble(c -> Arrays.stream(c.low())).noneMatch(v -> v <= 0);
    return this;
  }

  /** Draws the running average, and the curve itself fainter. */
  LineChart smoothed() {
    smooth = true;
    return this;
  }

  /** The definitions that all charts of a page share; a page has them once. */
  static String definitions() {
    return String.format(
        Locale.ROOT,
        """
        <svg class="definitions" aria-hidden="true"><defs><clipPath id="plot">
        <rect x="%d" y="%d" width="%d" height="%s"/></clipPath></defs></svg>
        """,
        LEFT - 2,
        TOP - 2,
        WIDTH - RIGHT - LEFT + 4,
        page(BASE - TOP + 2));
  }

  /** The figure; nothing if there is nothing to draw. */
  String html() {
    if (curves.isEmpty()) {
      return "";
    }
    Scale x = steps();
    Scale y = values();
    StringBuilder html = new StringBuilder();
    html.append("<figure class=\"chart\"><figcaption>")
        .append(Html.escape(title))
        .append("</figcaption>\n");
    html.append(svgStart(x));
    grid(html, x, y);
    html.append("<g clip-path=\"url(#plot)\">");
    for (int i = 0; i < curves.size(); i++) {
      draw(html, curves.get(i), "c" + (i % COLOURS + 1), x, y);
    }
    html.append(
        String.format(
            Locale.ROOT,
            "</g><line class=\"cursor\" y1=\"%d\" y2=\"%s\"/></svg>%n",
            TOP,
            page(BASE)));
    legend(html);
    return html.append(data()).append("</figure>\n").toString();
  }

  private Scale steps() {
    double first = curves.stream().mapToDouble(c -> c.steps()[0]).min().orElseThrow();
    double last = curves.stream().mapToDouble(c -> c.steps()[c.points() - 1]).max().orElseThrow();
    return first == last
        ? new Scale(first - 1, last + 1, LEFT, WIDTH - RIGHT, false)
        : new Scale(first, last, LEFT, WIDTH - RIGHT, false);
  }

  private Scale values() {
    double lowest = Double.POSITIVE_INFINITY;
    double highest = Double.NEGATIVE_INFINITY;
    for (Curve curve : curves) {
      for (double value : curve.mean()) {
        lowest = Double.isFinite(value) ? Math.min(lowest, value) : lowest;
        highest = Double.isFinite(value) ? Math.max(highest, value) : highest;
      }
    }
    return Scale.around(lowest, highest, BASE, TOP, logarithmic);
  }

  private String svgStart(Scale x) {
    return String.format(
        Locale.ROOT,
        """
        <svg viewBox="0 0 %d %d" role="img" tabindex="0" aria-label="%s"
         data-x0="%s" data-x1="%s" data-p0="%d" data-p1="%d">
        """,
        WIDTH,
        HEIGHT,
        Html.escape(description()),
        Html.number(x.low(), 9),
        Html.number(x.high(), 9),
        LEFT,
        WIDTH - RIGHT);
  }

  /** A description of the chart for readers who do not see it. */
  private String description() {
    return title
        + " over the steps: "
        + curves.stream()
            .map(
                curve ->
                    curve.name()
                        + " from "
                        + Html.number(first(curve.mean()))
                        + " to "
                        + Html.number(last(curve.mean())))
            .collect(Collectors.joining(", "));
  }

  private static double first(double[] values) {
    return Arrays.stream(values).filter(Double::isFinite).findFirst().orElse(Double.NaN);
  }

  private static double last(double[] values) {
    return Arrays.stream(values).filter(Double::isFinite).reduce((a, b) -> b).orElse(Double.NaN);
  }

  private void grid(StringBuilder html, Scale x, Scale y) {
    for (double tick : y.ticks()) {
      String at = page(y.at(tick));
      html.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>",
              LEFT,
              WIDTH - RIGHT,
              at,
              at));
      html.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%d\" y=\"%s\" class=\"y\">%s</text>",
              LEFT - 6,
              at,
              Html.number(tick)));
    }
    html.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" class=\"end\">step</text>",
            LEFT - 6,
            HEIGHT - 8));
    for (double tick : x.ticks()) {
      if (tick == Math.rint(tick)) {
        html.append(
            String.format(
                Locale.ROOT,
                "<text x=\"%s\" y=\"%d\" class=\"%s\">%s</text>",
                page(x.at(tick)),
                HEIGHT - 8,
                x.at(tick) > WIDTH - RIGHT - ROOM_OF_A_NUMBER ? "x end" : "x",
                Html.count((long) tick)));
      }
    }
    html.append(
        String.format(
            Locale.ROOT,
            "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>%n",
            LEFT,
            WIDTH - RIGHT,
            page(BASE),
            page(BASE)));
    for (double stage : marks.stages()) {
      String at = page(x.at(stage));
      html.append(
          String.format(
              Locale.ROOT,
              "<line class=\"stage\" x1=\"%s\" x2=\"%s\" y1=\"%d\" y2=\"%s\"/>",
              at,
              at,
              TOP,
              page(BASE)));
    }
    String last = "";
    for (double step : marks.skipped()) {
      String at = page(x.at(step));
      if (!at.equals(last)) {
        html.append(
            String.format(
                Locale.ROOT,
                "<line class=\"skipped\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>",
                at,
                at,
                page(BASE),
                page(BASE - 7)));
      }
      last = at;
    }
  }

  private void draw(StringBuilder html, Curve curve, String colour, Scale x, Scale y) {
    boolean average = smooth && curve.points() >= FEWEST_TO_SMOOTH;
    if (curve.hasRange()) {
      html.append(
          String.format(
              Locale.ROOT, "<path class=\"band %s\" d=\"%s\"/>", colour, band(curve, x, y)));
    }
    if (average) {
      html.append(
          String.format(
              Locale.ROOT,
              "<path class=\"faint %s\" d=\"%s\"/>",
              colour,
              line(curve, curve.mean(), x, y)));
    }
    double[] drawn = average ? curve.smoothed(SMOOTHING, marks.stages()) : curve.mean();
    html.append(
        String.format(
            Locale.ROOT, "<path class=\"line %s\" d=\"%s\"/>%n", colour, line(curve, drawn, x, y)));
    String dots = dots(curve, drawn, x, y);
    if (!dots.isEmpty()) {
      html.append(String.format(Locale.ROOT, "<path class=\"dots %s\" d=\"%s\"/>%n", colour, dots));
    }
  }

  /** Points that hang together are joined; one that stands alone is left to {@link #dots}. */
  private String line(Curve curve, double[] values, Scale x, Scale y) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < curve.points(); i++) {
      boolean begins = !joined(curve, values, i);
      boolean ends = !joined(curve, values, i + 1);
      if (Double.isFinite(values[i]) && !(begins && ends)) {
        path.append(begins ? 'M' : 'L').append(point(curve, values, i, x, y));
      }
    }
    return path.toString();
  }

  /** Lines of no length, which round ends make dots. */
  private String dots(Curve curve, double[] values, Scale x, Scale y) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < curve.points(); i++) {
      if (Double.isFinite(values[i])
          && !joined(curve, values, i)
          && !joined(curve, values, i + 1)) {
        path.append('M').append(point(curve, values, i, x, y)).append("h0");
      }
    }
    return path.toString();
  }

  /** Whether a line leads from the point before {@code i} to it. */
  private boolean joined(Curve curve, double[] values, int i) {
    return i > 0
        && i < curve.points()
        && Double.isFinite(values[i - 1])
        && Double.isFinite(values[i])
        && !Curve.liesBetween(marks.stages(), curve.steps()[i - 1], curve.steps()[i]);
  }

  private static String point(Curve curve, double[] values, int i, Scale x, Scale y) {
    return page(x.at(curve.steps()[i])) + ' ' + page(y.at(values[i]));
  }

  /** Between the lowest and the highest values; one closed path a stretch without gaps. */
  private String band(Curve curve, Scale x, Scale y) {
    StringBuilder path = new StringBuilder();
    int begin = 0;
    while (begin < curve.points()) {
      int end = begin;
      while (end < curve.points() && Double.isFinite(curve.mean()[end])) {
        end++;
      }
      for (int i = begin; i < end; i++) {
        path.append(i == begin ? 'M' : 'L')
            .append(page(x.at(curve.steps()[i])))
            .append(' ')
            .append(page(y.at(curve.high()[i])));
      }
      for (int i = end - 1; i >= begin; i--) {
        path.append('L')
            .append(page(x.at(curve.steps()[i])))
            .append(' ')
            .append(page(y.at(curve.low()[i])));
      }
      path.append(end > begin ? "Z" : "");
      begin = end + 1;
    }
    return path.toString();
  }

  private void legend(StringBuilder html) {
    html.append("<ul class=\"legend\">");
    for (int i = 0; i < curves.size(); i++) {
      Curve curve = curves.get(i);
      html.append(
          String.format(
              Locale.ROOT,
              "<li><i class=\"c%d\"></i>%s <b>%s</b></li>",
              i % COLOURS + 1,
              Html.escape(curve.name()),
              Html.number(last(curve.mean()))));
    }
    html.append("</ul>\n");
  }

  /** The numbers for the script: the steps, then a name and values of each curve. */
  private String data() {
    StringBuilder json = new StringBuilder("<script type=\"application/json\">[");
    json.append(numbers(curves.get(0).steps(), 9));
    for (Curve curve : curves) {
      // The name must not end the script, whatever it is.
      json.append(",[").append(TextNode.valueOf(curve.name().replace("<", ""))).append(',');
      json.append(numbers(curve.mean(), 5)).append(']');
    }
    return json.append("]</script>").toString();
  }

  private static String numbers(double[] values, int digits) {
    return Arrays.stream(values)
        .mapToObj(value -> Double.isFinite(value) ? Html.number(value, digits) : "null")
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static String page(double position) {
    return String.format(Locale.ROOT, "%.1f", position);
  }
}
