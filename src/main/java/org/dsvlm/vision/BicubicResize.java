/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.vision;

import java.util.Arrays;

/**
 * Bicubic resize with antialiasing as Pillow computes it on 8-bit pixels: rows first, then columns,
 * integer weights, and the values between the passes rounded to 8 bits.
 */
final class BicubicResize {
  private static final int HALF = 1 << (Taps.FRACTION_BITS - 1);

  private BicubicResize() {}

  /**
   * The part of the resized picture that {@code columns} and {@code rows} ask for; nothing outside
   * it is computed.
   */
  static Picture resize(PixelRows picture, Taps columns, Taps rows) {
    int width = 3 * columns.count();
    byte[] stored = new byte[Math.multiplyExact(3, picture.width())];
    int[] line = new int[stored.length];
    int[] narrow = new int[width];
    // Sums of all output rows: an input row is added where it belongs and then forgotten.
    int[] sums = new int[Math.multiplyExact(width, rows.count())];
    Arrays.fill(sums, HALF);
    int oldest = 0;
    for (int y = rows.first(); y < rows.end(); y++) {
      picture.copy(y, stored);
      for (int i = 0; i < line.length; i++) {
        line[i] = stored[i] & 0xff;
      }
      convolveRow(line, columns, narrow);
      while (rows.end(oldest) <= y) {
        oldest++;
      }
      for (int row = oldest; row < rows.count() && rows.begin(row) <= y; row++) {
        addRow(narrow, rows.weights(row)[y - rows.begin(row)], sums, width * row);
      }
    }
    byte[] out = new byte[sums.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) level(sums[i]);
    }
    return new Picture(columns.count(), rows.count(), out);
  }

  private static void convolveRow(int[] line, Taps columns, int[] out) {
    for (int x = 0; x < columns.count(); x++) {
      int[] weights = columns.weights(x);
      int from = 3 * columns.begin(x);
      int red = HALF;
      int green = HALF;
      int blue = HALF;
      for (int weight : weights) {
        red += weight * line[from];
        green += weight * line[from + 1];
        blue += weight * line[from + 2];
        from += 3;
      }
      out[3 * x] = level(red);
      out[3 * x + 1] = level(green);
      out[3 * x + 2] = level(blue);
    }
  }

  private static void addRow(int[] row, int weight, int[] sums, int at) {
    for (int i = 0; i < row.length; i++) {
      sums[at + i] += weight * row[i];
    }
  }

  private static int level(int sum) {
    return Math.max(0, Math.min(255, sum >> Taps.FRACTION_BITS));
  }
}
