/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.dsvlm.image.Picture;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;

/** Pictures in rows in one PNG file. */
public final class PictureSheet {
  private static final int GAP = 4;

  private static final int WIDEST = 4096;

  private PictureSheet() {}

  /**
   * Writes {@code rows} from top to bottom, the pictures of each from left to right.
   *
   * @param side width and height of every picture, in pixels
   */
  public static void write(Path file, List<List<Picture>> rows, int side) {
    requireSide(side);
    int columns = rows.stream().mapToInt(List::size).max().orElseThrow();
    BufferedImage sheet =
        new BufferedImage(
            columns * (side + GAP) - GAP,
            rows.size() * (side + GAP) - GAP,
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    for (int row = 0; row < rows.size(); row++) {
      for (int i = 0; i < rows.get(row).size(); i++) {
        BufferedImage picture = rows.get(row).get(i).toImage();
        graphics.drawImage(picture, i * (side + GAP), row * (side + GAP), side, side, null);
      }
    }
    graphics.dispose();
    AtomicFiles.file(
        file,
        path -> {
          if (!ImageIO.write(sheet, "png", path.toFile())) {
            throw new IOException("this Java cannot write PNG");
          }
        });
  }

  /**
   * Demands that {@code side} is a size for the pictures of a sheet.
   *
   * @throws DsVlmException if it is not
   */
  public static void requireSide(int side) {
    if (side < 1 || side > WIDEST) {
      throw new DsVlmException(
          "a picture of a sheet is 1 to " + WIDEST + " pixels wide, not " + side);
    }
  }
}
