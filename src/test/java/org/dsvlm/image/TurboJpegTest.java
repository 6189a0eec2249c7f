/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TurboJpegTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rgb.jpg",
        "rgb_444.jpg",
        "gray.jpg",
        "progressive.jpg",
        "restart.jpg",
        "profile.jpg"
      })
  void givesTheBitsOfImageIo(String name) throws IOException {
    byte[] data = Files.readAllBytes(PICTURES.resolve(name));
    Picture picture = TurboJpeg.decode(data);
    Picture expected = JpegDecoder.throughImageIo(JpegMarkers.read(data, name));
    assertThat(picture.width()).isEqualTo(expected.width());
    assertThat(picture.height()).isEqualTo(expected.height());
    assertThat(picture.rgb()).isEqualTo(expected.rgb());
  }

  @Test
  void whatItCannotReadIsNoPicture() {
    assertThat(TurboJpeg.decode(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff})).isNull();
  }

  /** Whether there is a picture to be seen in them is the decoder's to say. */
  @ParameterizedTest
  @ValueSource(strings = {"rgb.jpg", "progressive.jpg", "gray.jpg"})
  void damagedBytesGiveAPictureOrAnErrorOfOurs(String name) throws IOException {
    byte[] whole = Files.readAllBytes(PICTURES.resolve(name));
    Random random = new Random(43);
    int pictures = 0;
    for (int i = 0; i < 500; i++) {
      byte[] damaged = whole.clone();
      for (int k = 0; k <= i % 4; k++) {
        damaged[2 + random.nextInt(whole.length - 4)] = (byte) random.nextInt();
      }
      try {
        Picture.read(damaged, name);
        pictures++;
      } catch (DsVlmException e) {
        assertThat(e).hasMessageStartingWith(name + ": ");
      }
    }
    assertThat(pictures).isPositive();
  }
}
