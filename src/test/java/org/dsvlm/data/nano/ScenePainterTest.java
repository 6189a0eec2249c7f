/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ScenePainterTest {
  @Test
  void aPictureOfTheSameSizeStaysAsItIs() {
    int[] argb = {0xFF102030, 0x80FFFFFF, 0x00000000, 0xFF010203};
    assertThat(ScenePainter.scaled(argb, 2)).containsExactly(argb);
  }

  @Test
  void fourPixelsBecomeTheirMeanWeighedByAlpha() {
    int[] argb = {0xFF000000, 0xFF0000FF, 0x00FFFFFF, 0x00FFFFFF};
    // Half covered; the mean of the two that show: blue 127.5, to the nearest.
    assertThat(ScenePainter.scaled(argb, 1)).containsExactly(0x80000080);
  }

  @Test
  void aSideThatDoesNotDivideTakesItsShareOfEachPixel() {
    int[] argb = new int[9];
    Arrays.fill(argb, 0xFF000000);
    argb[4] = 0xFFFF0000;
    // Each of the four takes a quarter of the pixel in the middle: 1/4 of an area of 9/4.
    assertThat(ScenePainter.scaled(argb, 2))
        .containsExactly(0xFF1C0000, 0xFF1C0000, 0xFF1C0000, 0xFF1C0000);
  }
}
