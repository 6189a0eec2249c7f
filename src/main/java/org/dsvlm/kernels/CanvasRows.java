/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

/** Rows of a picture on a canvas of one colour, so that what is around it needs no memory. */
final class CanvasRows {
  private final byte[] rgb;
  private final int width;
  private final int height;
  private final int left;
  private final int top;
  private final byte[] blank;

  CanvasRows(byte[] rgb, int width, int height, PictureResize.Canvas canvas, int canvasWidth) {
    this.rgb = rgb;
    this.width = width;
    this.height = height;
    this.left = canvas.left();
    this.top = canvas.top();
    this.blank = new byte[Math.multiplyExact(3, canvasWidth)];
    for (int i = 0; i < blank.length; i++) {
      blank[i] = canvas.colour()[i % 3];
    }
  }

  /** Writes the values of row {@code y} of the canvas into {@code row}. */
  void copy(int y, byte[] row) {
    System.arraycopy(blank, 0, row, 0, blank.length);
    if (y >= top && y < top + height) {
      System.arraycopy(rgb, 3 * width * (y - top), row, 3 * left, 3 * width);
    }
  }
}
