/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The pictures and what Pillow sees in them come from tools/test-data/make_pictures.py. The numbers
 * are those of the project's list of bad inputs.
 */
class PictureTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");

  @TempDir Path folder;

  static Stream<String> pictures() throws IOException {
    try (Stream<Path> files = Files.list(PICTURES)) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".ppm"))
              .map(name -> name.substring(0, name.length() - ".ppm".length()))
              .sorted()
              .toList();
      return names.stream();
    }
  }

  @Test
  void bad44_wrongExtension() throws IOException {
    showsWhatPillowShows("a_gif_named.jpg");
  }

  @ParameterizedTest
  @ValueSource(strings = {"animated.gif", "animated.webp"})
  void bad45_animation(String name) throws IOException {
    showsWhatPillowShows(name);
  }

  /** Everything odd that Pillow reads, and the plain cases. */
  @ParameterizedTest
  @MethodSource("pictures")
  void bad46_oddPictures(String name) throws IOException {
    showsWhatPillowShows(name);
  }

  private static void showsWhatPillowShows(String name) throws IOException {
    assertThat(differences(name).max().orElseThrow()).as("largest difference of a level").isZero();
  }

  private static IntStream differences(String name) throws IOException {
    Picture picture = Picture.read(PICTURES.resolve(name));
    Picture expected = PortablePixmap.read(PICTURES.resolve(name + ".ppm"));
    assertThat(picture.width()).isEqualTo(expected.width());
    assertThat(picture.height()).isEqualTo(expected.height());
    return IntStream.range(0, expected.rgb().length)
        .map(i -> Math.abs((picture.rgb()[i] & 0xff) - (expected.rgb()[i] & 0xff)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"huge.jpg", "huge.png", "huge.gif", "huge.bmp", "huge.webp"})
  void bad47_claimedSizeIsCheckedBeforePixelsAreAllocated(String name) {
    Path file = PICTURES.resolve("huge").resolve(name);
    assertThatThrownBy(() -> Picture.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(name.equals("huge.webp") ? "16384 x 16384" : "30000 x 30000")
        .hasMessageContaining("more than the limit of 178956970; scale the picture down");
  }

  @Test
  void bad41_missingFile() {
    Path file = folder.resolve("none.jpg");
    assertThatThrownBy(() -> Picture.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": there is no such picture; check the path");
  }

  @Test
  void bad42_emptyFile() throws IOException {
    Path file = Files.createFile(folder.resolve("empty.jpg"));
    assertThatThrownBy(() -> Picture.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(file + ": the picture is empty (0 bytes); download it again");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rgb.jpg", "progressive.jpg", "cmyk.jpg"})
  void bad43_truncatedJpegAtEveryByte(String name) throws IOException {
    byte[] whole = Files.readAllBytes(PICTURES.resolve(name));
    for (int length = 4; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Picture.read(part, "part.jpg"))
          .isInstanceOf(DsVlmException.class)
          .hasMessage(
              "part.jpg: the JPEG is cut short: it ends at byte "
                  + length
                  + " without its end marker; download it again");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rgb.png",
        "palette_transparent.png",
        "partial.gif",
        "lossless.webp",
        "lossy.webp",
        "placed.webp",
        "rgb.bmp"
      })
  void bad43_otherFormatsCutShort(String name) throws IOException {
    byte[] whole = Files.readAllBytes(PICTURES.resolve(name));
    // Like Pillow, pass over a missing end marker when all pixels are there.
    for (int length = 1; length < whole.length - 30; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Picture.read(part, "part of " + name))
          .as("%s cut to %d bytes", name, length)
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith("part of " + name + ": ");
    }
  }

  @Test
  void textIsNoPicture() {
    byte[] text = "version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Picture.read(text, "pointer.png"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("pointer.png: no picture; JPEG, PNG, GIF, BMP and WebP are read");
  }

  @ParameterizedTest
  @CsvSource({
    "49492a0008000000, a TIFF picture",
    "4d4d002a00000008, a TIFF picture",
    "0000001c6674797061766966, an AVIF or HEIC picture",
    "000000186674797068656963, an AVIF or HEIC picture",
    "0000000c6a5020200d0a870a, a JPEG 2000 picture",
    "0a3c21444f43545950452068746d6c3e, no picture but a page or drawing"
  })
  void formatsThatAreNotReadAreNamed(String head, String kind) {
    byte[] data = HexFormat.of().parseHex(head);
    assertThatThrownBy(() -> Picture.read(data, "odd.jpg"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("odd.jpg: " + kind + "; JPEG, PNG, GIF, BMP and WebP are read");
  }

  @Test
  void bad47_theCanvasOfAnAnimationIsCheckedToo() throws IOException {
    byte[] data = Files.readAllBytes(PICTURES.resolve("placed.webp"));
    Arrays.fill(data, 24, 30, (byte) 0xff);
    assertThatThrownBy(() -> Picture.read(data, "large.webp"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("16777216 x 16777216");
  }

  @Test
  void aFramePastItsCanvasIsRefused() throws IOException {
    byte[] data = Files.readAllBytes(PICTURES.resolve("placed.webp"));
    data[24] = 20;
    assertThatThrownBy(() -> Picture.read(data, "past.webp"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("reaches past its canvas");
  }

  @Test
  void sizeAndPixelsHaveToAgree() {
    assertThatThrownBy(() -> new Picture(2, 2, new byte[11]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("11 values are no RGB picture of 2 x 2");
  }
}
