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
    int first = rows.first();
    int count = rows.end() - first;
    int width = columns.count();
    byte[] narrow = new byte[Math.multiplyExact(3 * width, count)];
    byte[] line = new byte[Math.multiplyExact(3, picture.width())];
    for (int y = 0; y < count; y++) {
      picture.copy(first + y, line);
      convolveRow(line, columns, narrow, 3 * width * y);
    }
    byte[] out = new byte[3 * width * rows.count()];
    for (int y = 0; y < rows.count(); y++) {
      mixRows(narrow, 3 * width, rows.begin(y) - first, rows.weights(y), out, 3 * width * y);
    }
    return new Picture(width, rows.count(), out);
  }

  private static void convolveRow(byte[] line, Taps columns, byte[] out, int at) {
    for (int x = 0; x < columns.count(); x++) {
      int[] weights = columns.weights(x);
      int from = 3 * columns.begin(x);
      int red = HALF;
      int green = HALF;
      int blue = HALF;
      for (int weight : weights) {
        red += weight * (line[from] & 0xff);
        green += weight * (line[from + 1] & 0xff);
        blue += weight * (line[from + 2] & 0xff);
        from += 3;
      }
      out[at + 3 * x] = level(red);
      out[at + 3 * x + 1] = level(green);
      out[at + 3 * x + 2] = level(blue);
    }
  }

  private static void mixRows(
      byte[] rows, int rowLength, int firstRow, int[] weights, byte[] out, int at) {
    int[] sums = new int[rowLength];
    Arrays.fill(sums, HALF);
    for (int j = 0; j < weights.length; j++) {
      int from = (firstRow + j) * rowLength;
      for (int i = 0; i < rowLength; i++) {
        sums[i] += weights[j] * (rows[from + i] & 0xff);
      }
    }
    for (int i = 0; i < rowLength; i++) {
      out[at + i] = level(sums[i]);
    }
  }

  private static byte level(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> Taps.FRACTION_BITS));
  }
}
