/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.vision;

/**
 * LLaVA's padding (Liu et al. 2023, {@code image_aspect_ratio: pad}): the picture in the middle of
 * a square of one colour.
 */
final class SquareRows implements PixelRows {
  private final PixelRows picture;
  private final byte[] colour;
  private final int side;
  private final int left;
  private final int top;
  private final byte[] line;

  /**
   * @param colour red, green and blue around the picture
   */
  SquareRows(PixelRows picture, byte[] colour) {
    this.picture = picture;
    this.colour = colour.clone();
    this.side = Math.max(picture.width(), picture.height());
    this.left = (side - picture.width()) / 2;
    this.top = (side - picture.height()) / 2;
    this.line = new byte[3 * picture.width()];
  }

  @Override
  public int width() {
    return side;
  }

  @Override
  public int height() {
    return side;
  }

  @Override
  public void copy(int y, byte[] row) {
    for (int i = 0; i < 3 * side; i++) {
      row[i] = colour[i % 3];
    }
    if (y >= top && y < top + picture.height()) {
      picture.copy(y - top, line);
      System.arraycopy(line, 0, row, 3 * left, line.length);
    }
  }
}
