/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import org.dsvlm.image.Png;

/**
 * One feature's router weight over the steps: one row for each layer, transparent at the even
 * share, in one colour above it and in another below.
 *
 * @param even the share of each feature if all were equal
 * @param farthest the distance from it that has the full colour
 */
record HeatMap(double even, double farthest) {
  private static final int MOST_COLUMNS = 150;
  private static final int ABOVE = 0x0f8b8d;
  private static final int BELOW = 0xc4501b;

  /**
   * The figure of {@code feature}.
   *
   * @param layers names of the rows
   * @param weights of each row, over {@code steps}
   */
  String html(String feature, List<String> layers, List<double[]> weights, double[] steps) {
    List<Curve> rows =
        weights.stream().map(row -> Curve.of(feature, steps, row, MOST_COLUMNS)).toList();
    int columns = rows.get(0).points();
    BufferedImage image = new BufferedImage(columns, rows.size(), BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < rows.size(); y++) {
      for (int x = 0; x < columns; x++) {
        image.setRGB(x, y, colour(rows.get(y).mean()[x]));
      }
    }
    StringBuilder html = new StringBuilder("<figure class=\"heat\"><figcaption>");
    html.append(Html.escape(feature)).append("</figcaption><div class=\"map\"><ol>");
    layers.forEach(layer -> html.append("<li>").append(Html.escape(layer)).append("</li>"));
    html.append("</ol>")
        .append(
            Thumbnail.of(image, "png", png(image))
                .html("weights of " + feature + " by layer (rows) and step (columns)"))
        .append("</div><p class=\"ends\"><span>step ")
        .append(Html.count((long) steps[0]))
        .append("</span><span>")
        .append(Html.count((long) steps[steps.length - 1]))
        .append("</span></p></figure>\n");
    return html.toString();
  }

  private int colour(double weight) {
    if (!Double.isFinite(weight) || farthest == 0) {
      return 0;
    }
    long opacity = Math.min(255, Math.round(255 * Math.abs(weight - even) / farthest));
    return (int) opacity << 24 | (weight > even ? ABOVE : BELOW);
  }

  /** The scale of the colours. */
  String scale() {
    return String.format(
        Locale.ROOT,
        "<p class=\"scale\">%s <i></i> %s; blank: %s, the even share</p>%n",
        Html.number(Math.max(0, even - farthest), 2),
        Html.number(even + farthest, 2),
        Html.number(even, 2));
  }

  private static byte[] png(BufferedImage image) {
    try {
      return Png.bytes(image);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
