/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ImageTokensTest {
  private static final long[] IDS = {1, -200, 5, -200};

  @Test
  void makesRoomForEachPicture() {
    assertThat(ImageTokens.expand(IDS, -200, 9, 3)).containsExactly(1, 9, 9, 9, 5, 9, 9, 9);
    assertThat(ImageTokens.expand(new long[] {1, 2}, -200, 9, 3)).containsExactly(1, 2);
  }

  @Test
  void noLossIsTakenOnAPicture() {
    assertThat(ImageTokens.expandLabels(new long[] {-100, -200, 5, -100}, IDS, -200, 2))
        .containsExactly(-100, -100, -100, 5, -100, -100);
  }
}
