/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.vision;

/** A picture given row by row, so that padding needs no memory. */
interface PixelRows {
  int width();

  int height();

  /** Writes the 3 · width values of row {@code y} into {@code row}. */
  void copy(int y, byte[] row);

  /** The rows of {@code picture}. */
  static PixelRows of(Picture picture) {
    return new PixelRows() {
      @Override
      public int width() {
        return picture.width();
      }

      @Override
      public int height() {
        return picture.height();
      }

      @Override
      public void copy(int y, byte[] row) {
        int values = 3 * picture.width();
        System.arraycopy(picture.rgb(), y * values, row, 0, values);
      }
    };
  }
}
