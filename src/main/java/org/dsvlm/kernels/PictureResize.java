/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Arrays;
import java.util.Locale;

/**
 * Bicubic resize with antialiasing as Pillow computes it on 8-bit pixels: rows first, then columns,
 * integer weights, and the values between the passes rounded to 8 bits. Native code and Java give
 * the same bits. It runs on the caller's thread.
 */
public final class PictureResize {
  private static final int HALF = 1 << (BicubicWeights.FRACTION_BITS - 1);

  private PictureResize() {}

  /**
   * Where a picture lies on the canvas that is resized with it, as large as the axes of the
   * weights.
   *
   * @param colour red, green and blue around the picture
   */
  public record Canvas(int left, int top, byte[] colour) {
    /** No canvas but the picture itself. */
    public static final Canvas NONE = new Canvas(0, 0, new byte[3]);
  }

  /**
   * The part of the resized canvas that {@code columns} and {@code rows} ask for; nothing outside
   * it is computed.
   *
   * @param rgb width · height · 3 values row by row
   * @return {@code columns} · {@code rows} · 3 values
   */
  public static byte[] resize(
      byte[] rgb,
      int width,
      int height,
      Canvas canvas,
      BicubicWeights columns,
      BicubicWeights rows) {
    requireInside(rgb, width, height, canvas, columns, rows);
    if (!Kernels.nativeLoaded()) {
      return reference(rgb, width, height, canvas, columns, rows);
    }
    byte[] out = new byte[outSize(columns, rows)];
    NativeOps.resize_picture(
        rgb,
        height,
        width,
        rows.inSize(),
        columns.inSize(),
        canvas.top(),
        canvas.left(),
        canvas.colour(),
        columns.begins(),
        columns.weights(),
        columns.count(),
        columns.taps(),
        rows.begins(),
        rows.weights(),
        rows.count(),
        rows.taps(),
        out);
    return out;
  }

  /** The same in Java. */
  static byte[] reference(
      byte[] rgb,
      int width,
      int height,
      Canvas canvas,
      BicubicWeights columns,
      BicubicWeights rows) {
    requireInside(rgb, width, height, canvas, columns, rows);
    CanvasRows stored = new CanvasRows(rgb, width, height, canvas, columns.inSize());
    byte[] bytes = new byte[Math.multiplyExact(3, columns.inSize())];
    int[] line = new int[bytes.length];
    int[] narrow = new int[3 * columns.count()];
    // Sums of all output rows: an input row is added where it belongs and then forgotten.
    int[] sums = new int[outSize(columns, rows)];
    Arrays.fill(sums, HALF);
    int oldest = 0;
    for (int y = rows.begins()[0]; y < rows.end(rows.count() - 1); y++) {
      stored.copy(y, bytes);
      for (int i = 0; i < line.length; i++) {
        line[i] = bytes[i] & 0xff;
      }
      convolveRow(line, columns, narrow);
      while (rows.end(oldest) <= y) {
        oldest++;
      }
      for (int row = oldest; row < rows.count() && rows.begins()[row] <= y; row++) {
        int weight = rows.weights()[row * rows.taps() + y - rows.begins()[row]];
        addRow(narrow, weight, sums, narrow.length * row);
      }
    }
    byte[] out = new byte[sums.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) level(sums[i]);
    }
    return out;
  }

  private static int outSize(BicubicWeights columns, BicubicWeights rows) {
    return Math.multiplyExact(Math.multiplyExact(3, columns.count()), rows.count());
  }

  private static void requireInside(
      byte[] rgb,
      int width,
      int height,
      Canvas canvas,
      BicubicWeights columns,
      BicubicWeights rows) {
    boolean picture = width > 0 && height > 0 && rgb.length == 3L * width * height;
    boolean inside =
        canvas.left() >= 0
            && canvas.top() >= 0
            && canvas.left() + (long) width <= columns.inSize()
            && canvas.top() + (long) height <= rows.inSize();
    if (!picture || !inside || canvas.colour().length != 3) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d values as %d x %d pixels at (%d, %d) of a canvas of %d x %d",
              rgb.length,
              width,
              height,
              canvas.left(),
              canvas.top(),
              columns.inSize(),
              rows.inSize()));
    }
  }

  private static void convolveRow(int[] line, BicubicWeights columns, int[] out) {
    int[] weights = columns.weights();
    for (int x = 0; x < columns.count(); x++) {
      int begin = columns.begins()[x];
      int first = x * columns.taps();
      int red = HALF;
      int green = HALF;
      int blue = HALF;
      int from = 3 * begin;
      for (int k = 0; k < columns.end(x) - begin; k++) {
        int weight = weights[first + k];
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
    return Math.max(0, Math.min(255, sum >> BicubicWeights.FRACTION_BITS));
  }
}
