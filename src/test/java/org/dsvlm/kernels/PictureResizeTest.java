/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.dsvlm.kernels.PictureResize.Canvas;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That Pillow makes the same pixels, the golden cases of the image processors show. */
class PictureResizeTest {
  private static final byte[] ORANGE = {(byte) 255, (byte) 160, 7};

  private final Random random = new Random(20);

  @BeforeEach
  void withNativeCode() {
    Implementation.NATIVE.assume();
  }

  @Test
  void nativeCodeGivesTheBitsOfJava() {
    for (int i = 0; i < 500; i++) {
      int width = size();
      int height = size();
      byte[] rgb = new byte[3 * width * height];
      random.nextBytes(rgb);
      int left = random.nextBoolean() ? 0 : random.nextInt(40);
      int top = random.nextBoolean() ? 0 : random.nextInt(40);
      BicubicWeights columns = weights(left + width + (left == 0 ? 0 : random.nextInt(40)));
      BicubicWeights rows = weights(top + height + (top == 0 ? 0 : random.nextInt(40)));
      Canvas canvas = new Canvas(left, top, ORANGE);
      assertThat(PictureResize.resize(rgb, width, height, canvas, columns, rows))
          .as("%d x %d at (%d, %d), case %d", width, height, left, top, i)
          .isEqualTo(PictureResize.reference(rgb, width, height, canvas, columns, rows));
    }
  }

  /** Weights below 0 take values past both ends of 8 bits. */
  @Test
  void sharpEdgesStayWithinEightBits() {
    byte[] rgb = new byte[3 * 64 * 64];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 8 < 4 ? 0 : 255);
    }
    BicubicWeights weights = new BicubicWeights(64, 150, 0, 150);
    byte[] resized = PictureResize.resize(rgb, 64, 64, Canvas.NONE, weights, weights);
    assertThat(resized)
        .isEqualTo(PictureResize.reference(rgb, 64, 64, Canvas.NONE, weights, weights));
    assertThat(resized).contains(0, 255);
  }

  @Test
  void aCanvasOfOneColourKeepsIt() {
    byte[] rgb = {ORANGE[0], ORANGE[1], ORANGE[2]};
    BicubicWeights weights = new BicubicWeights(700, 31, 0, 31);
    byte[] resized = PictureResize.resize(rgb, 1, 1, new Canvas(350, 20, ORANGE), weights, weights);
    for (int i = 0; i < resized.length; i++) {
      assertThat(resized[i]).isEqualTo(ORANGE[i % 3]);
    }
  }

  @Test
  void refusesWhatDoesNotLieOnTheCanvas() {
    BicubicWeights weights = new BicubicWeights(4, 2, 0, 2);
    byte[] rgb = new byte[3 * 4 * 4];
    assertThatThrownBy(
            () -> PictureResize.resize(rgb, 4, 4, new Canvas(1, 0, ORANGE), weights, weights))
        .hasMessage("48 values as 4 x 4 pixels at (1, 0) of a canvas of 4 x 4");
    assertThatThrownBy(
            () -> PictureResize.resize(new byte[47], 4, 4, Canvas.NONE, weights, weights))
        .hasMessageStartingWith("47 values as 4 x 4 pixels");
  }

  /** Sizes about those that a vector holds, and larger ones. */
  private int size() {
    return 1 + random.nextInt(random.nextInt(4) == 0 ? 200 : 20);
  }

  private BicubicWeights weights(int inSize) {
    int outSize = size();
    int count = 1 + random.nextInt(outSize);
    return new BicubicWeights(inSize, outSize, random.nextInt(outSize - count + 1), count);
  }
}
