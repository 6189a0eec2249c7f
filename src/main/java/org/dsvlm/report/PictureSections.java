/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;

/** The sections of pictures: the film strip, and the reconstructions on the way. */
final class PictureSections {
  private static final Pattern NUMBER = Pattern.compile("(?:picture|step)-(\\d{1,18})(?:\\.png)?");
  private static final int FRAME_WIDTH = 128;
  private static final int GRID_WIDTH = 400;
  private static final int MOST_GRIDS = 8;

  private PictureSections() {}

  /** From noise to picture, of pictures of the training; nothing if {@code folder} is not there. */
  static String filmStrip(Path folder) {
    return strip(
        folder,
        "film-strip",
        "From noise to picture",
        "The trained model's diffusion denoises from pure noise, seeing the original through the"
            + " model's features alone.");
  }

  /** The same of pictures that the training never saw. */
  static String heldOutStrip(Path folder) {
    return strip(
        folder,
        "held-out-strip",
        "From noise to picture, held out",
        "The same of pictures of the held-out questions, which the training never saw.");
  }

  private static String strip(Path folder, String id, String title, String lead) {
    StringBuilder html = new StringBuilder();
    for (Path picture : numbered(folder)) {
      html.append("<div class=\"strip\">");
      for (Path frame : numbered(picture)) {
        long step = number(frame);
        String caption = step == 0 ? "noise" : "step " + step;
        frame(html, "frame", frame, caption);
      }
      Path original = picture.resolve("original.png");
      if (Files.exists(original)) {
        frame(html, "frame original", original, "original");
      }
      html.append("</div>\n");
    }
    return html.isEmpty() ? "" : Html.section(id, title, "<p>" + lead + "</p>\n" + html);
  }

  /** Reconstructions at some of the steps of the training. */
  static String reconstructions(Path folder) {
    List<Path> all = numbered(folder);
    StringBuilder html = new StringBuilder();
    for (Path grid : some(all)) {
      String rows = PngText.description(grid);
      String step = "step " + Html.count(number(grid));
      frame(html, "grid", grid, step, rows.isEmpty() ? step : step + ": " + Html.escape(rows));
    }
    return html.isEmpty()
        ? ""
        : Html.section(
            "reconstructions",
            "Reconstructions on the way",
            "<p>The same pictures throughout a stage, a column each. Rows from above: the original,"
                + " the autoencoder's own reconstruction, beyond which no diffusion goes, and the"
                + " estimate of one pass at each timestep t, the noise the same each time.</p>\n"
                + "<div class=\"grids\">"
                + html
                + "</div>\n");
  }

  /** The first, the last, and some at equal distances between them. */
  private static List<Path> some(List<Path> all) {
    if (all.size() <= MOST_GRIDS) {
      return all;
    }
    List<Path> some = new ArrayList<>();
    for (int i = 0; i < MOST_GRIDS; i++) {
      some.add(all.get(i * (all.size() - 1) / (MOST_GRIDS - 1)));
    }
    return some;
  }

  private static void frame(StringBuilder html, String style, Path file, String caption) {
    frame(html, style, file, caption, caption);
  }

  private static void frame(
      StringBuilder html, String style, Path file, String alternative, String caption) {
    int width = style.equals("grid") ? GRID_WIDTH : FRAME_WIDTH;
    String shown;
    try {
      shown = Thumbnail.of(file, width).html(alternative);
    } catch (DsVlmException e) {
      // One damaged picture costs one picture.
      shown = "<em>" + Html.escape(e.getMessage()) + "</em>";
    }
    html.append("<figure class=\"")
        .append(style)
        .append("\">")
        .append(shown)
        .append("<figcaption>")
        .append(caption)
        .append("</figcaption></figure>");
  }

  /** Files and folders in {@code folder} that have a number, by it. */
  private static List<Path> numbered(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .filter(child -> NUMBER.matcher(child.getFileName().toString()).matches())
          .sorted(Comparator.comparingLong(PictureSections::number))
          .toList();
    } catch (IOException e) {
      throw new DsVlmException(folder + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private static long number(Path path) {
    Matcher matcher = NUMBER.matcher(path.getFileName().toString());
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
  }
}
