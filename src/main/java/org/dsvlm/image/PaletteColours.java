/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** Colours by index; an index past the end of the palette is black. */
final class PaletteColours {
  private final byte[] red = new byte[256];
  private final byte[] green = new byte[256];
  private final byte[] blue = new byte[256];

  private PaletteColours() {}

  static PaletteColours of(IndexColorModel model) {
    PaletteColours colours = new PaletteColours();
    // The transparent entry keeps its colour here; getRGB would do so too, but entry by entry.
    model.getReds(colours.red);
    model.getGreens(colours.green);
    model.getBlues(colours.blue);
    return colours;
  }

  /** Red, green and blue of each index, one index after the other. */
  static PaletteColours of(byte[] table) {
    PaletteColours colours = new PaletteColours();
    for (int index = 0; index < table.length / 3; index++) {
      colours.red[index] = table[3 * index];
      colours.green[index] = table[3 * index + 1];
      colours.blue[index] = table[3 * index + 2];
    }
    return colours;
  }

  /** Each index its own grey level. */
  static PaletteColours greys() {
    PaletteColours colours = new PaletteColours();
    for (int index = 0; index < 256; index++) {
      colours.red[index] = (byte) index;
      colours.green[index] = (byte) index;
      colours.blue[index] = (byte) index;
    }
    return colours;
  }

  /** The colours of a raster of indices, row by row. */
  byte[] rgb(Raster indices) {
    int width = indices.getWidth();
    byte[] rgb = new byte[3 * width * indices.getHeight()];
    int[] row = new int[width];
    for (int y = 0; y < indices.getHeight(); y++) {
      indices.getSamples(0, y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        put(row[x], rgb, y * width + x);
      }
    }
    return rgb;
  }

  /** Writes the colour of {@code index} to pixel {@code pixel}. */
  void put(int index, byte[] rgb, int pixel) {
    rgb[3 * pixel] = red[index];
    rgb[3 * pixel + 1] = green[index];
    rgb[3 * pixel + 2] = blue[index];
  }
}
