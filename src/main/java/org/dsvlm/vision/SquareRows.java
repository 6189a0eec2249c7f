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
  private final int side;
  private final int left;
  private final int top;
  private final byte[] line;
  private final byte[] blank;

  /**
   * @param colour red, green and blue around the picture
   */
  SquareRows(PixelRows picture, byte[] colour) {
    this.picture = picture;
    this.side = Math.max(picture.width(), picture.height());
    this.left = (side - picture.width()) / 2;
    this.top = (side - picture.height()) / 2;
    this.line = new byte[3 * picture.width()];
    this.blank = new byte[3 * side];
    for (int i = 0; i < blank.length; i++) {
      blank[i] = colour[i % 3];
    }
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
    System.arraycopy(blank, 0, row, 0, blank.length);
    if (y >= top && y < top + picture.height()) {
      picture.copy(y - top, line);
      System.arraycopy(line, 0, row, 3 * left, line.length);
    }
  }
}
