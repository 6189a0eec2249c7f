/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class FluentStyleTest {
  @Test
  void aPictureThatIsNotSquareStandsInTheMiddleOfOne() {
    BufferedImage high = new BufferedImage(1, 3, BufferedImage.TYPE_INT_ARGB);
    BufferedImage wide = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < 3; i++) {
      high.setRGB(0, i, 0xFF000001 + i);
    }
    wide.setRGB(0, 0, 0xFF000001);
    wide.setRGB(1, 0, 0xFF000002);
    assertThat(FluentStyle.square(high))
        .containsExactly(0, 0xFF000001, 0, 0, 0xFF000002, 0, 0, 0xFF000003, 0);
    assertThat(FluentStyle.square(wide)).containsExactly(0xFF000001, 0xFF000002, 0, 0);
  }
}
