/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.dsvlm.image.Picture;
import org.dsvlm.io.AtomicFiles;

/** Pictures side by side in one PNG file. */
final class PictureStrip {
  private static final int GAP = 4;

  private PictureStrip() {}

  /** Writes {@code pictures} from left to right, each {@code side} pixels wide and high. */
  static void write(Path file, List<Picture> pictures, int side) {
    int width = pictures.size() * (side + GAP) - GAP;
    BufferedImage strip = new BufferedImage(width, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = strip.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    for (int i = 0; i < pictures.size(); i++) {
      graphics.drawImage(pictures.get(i).toImage(), i * (side + GAP), 0, side, side, null);
    }
    graphics.dispose();
    AtomicFiles.file(
        file,
        path -> {
          if (!ImageIO.write(strip, "png", path.toFile())) {
            throw new IOException("this Java cannot write PNG");
          }
        });
  }
}
