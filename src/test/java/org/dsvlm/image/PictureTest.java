/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pictures and what Pillow sees in them come from tools/test-data/make_pictures.py. */
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
  @BadInput(number = 44, value = "a GIF named .jpg", then = "accepted; the content decides")
  void aWrongExtension() throws IOException {
    showsWhatPillowShows("a_gif_named.jpg");
  }

  @ParameterizedTest
  @ValueSource(strings = {"animated.gif", "animated.webp"})
  @BadInput(
      number = 45,
      value = "an animated GIF or WebP",
      then = "accepted; its first frame is read")
  void anAnimation(String name) throws IOException {
    showsWhatPillowShows(name);
  }

  /** Everything odd that Pillow reads, and the plain cases. */
  @ParameterizedTest
  @MethodSource("pictures")
  @BadInput(
      number = 46,
      value =
          "CMYK, 16 bits, palettes with transparency, EXIF orientation, 1 x 1, extreme aspect"
              + " ratios",
      then = "accepted, with the pixels of Pillow")
  void oddPicturesHavePillowsPixels(String name) throws IOException {
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
  @BadInput(
      number = 47,
      value = "a picture that claims more than 178,956,970 pixels",
      then = "an error with its size and the limit, before any pixel is allocated")
  void aHugeClaimedSizeIsRefusedBeforePixelsAreAllocated(String name) {
    Path file = PICTURES.resolve("huge").resolve(name);
    assertThatThrownBy(() -> Picture.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(name.equals("huge.webp") ? "16384 x 16384" : "30000 x 30000")
        .hasMessageContaining("more than the limit of 178956970; scale the picture down");
  }

  @Test
  @BadInput(
      number = 41,
      value = "a picture file that is missing",
      then = "an error that names the path")
  void aMissingFile() {
    Path file = folder.resolve("none.jpg");
    assertThatThrownBy(() -> Picture.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": there is no such picture; check the path");
  }

  @Test
  @BadInput(number = 42, value = "a picture file of 0 bytes", then = "an error that names the file")
  void anEmptyFile() throws IOException {
    Path file = Files.createFile(folder.resolve("empty.jpg"));
    assertThatThrownBy(() -> Picture.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(file + ": the picture is empty (0 bytes); download it again");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rgb.jpg", "progressive.jpg", "cmyk.jpg"})
  @BadInput(
      number = 43,
      value = "a truncated JPEG, cut at any byte",
      then = "an error with the byte at which it ends")
  void aTruncatedJpeg(String name) throws IOException {
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
  @BadInput(
      number = 43,
      value = "a truncated PNG, GIF, WebP or BMP",
      then = "an error that names the file")
  void truncatedPicturesOfOtherFormats(String name) throws IOException {
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
    byte[] text = "a picture of a cat\n".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Picture.read(text, "pointer.png"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("pointer.png: no picture; JPEG, PNG, GIF, BMP and WebP are read");
  }

  @ParameterizedTest
  @CsvSource({
    "49492a0008000000, a TIFF picture",
    "4d4d002a00000008, a TIFF picture",
    "0000001c6674797061766966, an AVIF picture",
    "0000001c6674797061766973, an AVIF picture",
    "000000186674797068656963, an HEIC picture",
    "000000186674797068656978, an HEIC picture",
    "000000186674797068657663, an HEIC picture",
    "00000018667479706d696631, an HEIF picture",
    "00000018667479706d7366310000000068657663, an HEIC picture",
    "00000018667479706d696631000000006d69663161766966, an AVIF picture",
    "00000018667479706d703432, a video (MP4 or QuickTime)",
    "0000000c6a5020200d0a870a, a JPEG 2000 picture",
    "ff0a, a JPEG XL picture",
    "0000010001001010, an ICO picture",
    "50360a3220320a3235350a, 'a PNM picture (PBM, PGM, PPM or PAM)'",
    "38425053, a Photoshop picture",
    "1f8b0800, a file packed by gzip",
    "504b0304, a ZIP archive",
    "255044462d312e37, a PDF document",
    "0a3c21444f43545950452068746d6c3e, an HTML page",
    "efbbbf3c68746d6c3e, an HTML page",
    "fffe3c00680074006d006c003e00, an HTML page",
    "3c737667207769, an SVG drawing",
    "3c3f786d6c2076657273696f6e3e3c726f6f742f3e, no picture but a page or drawing",
    "7b226572726f72223a20226e6f74227d, 'JSON, perhaps a server''s error'",
    "2f396a2f34, a JPEG in base64",
    "0000000000000000, nothing but zeros",
    "8a4d4e470d0a1a0a, an MNG animation",
    "425047fb, a BPG picture",
    "4949bc01, a JPEG XR picture",
    "69636e7300000100, an ICNS picture",
    "2f2a2058504d202a2f, an XPM picture",
    "53494d504c4520203d, a FITS picture",
    "524946460000000041564920, a video (AVI)",
    "524946460000000057415645, a RIFF file other than WebP",
    "50415231, a table (Parquet)",
    "76657273696f6e2068747470733a2f2f6769742d6c6673,"
        + " a pointer of Git LFS in place of the picture; fetch it with 'git lfs pull'"
  })
  @BadInput(
      number = 86,
      value = "a file of another kind in place of a picture: HEIC, AVIF, ICO, HTML, JSON, LFS …",
      then = "an error that names the kind")
  void formatsThatAreNotReadAreNamed(String head, String kind) {
    byte[] data = HexFormat.of().parseHex(head);
    assertThatThrownBy(() -> Picture.read(data, "odd.jpg"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("odd.jpg: " + kind + "; JPEG, PNG, GIF, BMP and WebP are read");
  }

  @Test
  @BadInput(
      number = 47,
      value = "an animation whose canvas claims more than 178,956,970 pixels",
      then = "an error with the size of the canvas")
  void theCanvasOfAnAnimationIsCheckedToo() throws IOException {
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

  @Test
  void whatAFileIsMayStandFarBehindItsBeginning() {
    byte[] scan = new byte[200];
    System.arraycopy("DICM".getBytes(StandardCharsets.US_ASCII), 0, scan, 128, 4);
    assertThatThrownBy(() -> Picture.read(scan, "odd.jpg"))
        .hasMessageStartingWith("odd.jpg: a DICOM picture;");
    byte[] archive = new byte[512];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, archive, 257, 5);
    assertThatThrownBy(() -> Picture.read(archive, "odd.jpg"))
        .hasMessageStartingWith("odd.jpg: a tar archive;");
  }

  @Test
  void aStreamAndAnImageGiveTheSamePixels() throws IOException {
    Path file = PICTURES.resolve("gray.png");
    Picture picture = Picture.read(file);
    try (InputStream stream = Files.newInputStream(file)) {
      assertThat(Picture.read(stream, "a stream").rgb()).isEqualTo(picture.rgb());
    }
    assertThat(Picture.of(picture.toImage()).rgb()).isEqualTo(picture.rgb());
    BufferedImage grey = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage deep = new BufferedImage(3, 2, BufferedImage.TYPE_USHORT_GRAY);
    BufferedImage clear = new BufferedImage(3, 2, BufferedImage.TYPE_INT_ARGB);
    grey.getRaster().setSample(1, 0, 0, 77);
    deep.getRaster().setSample(1, 0, 0, 77 * 256 + 200);
    clear.setRGB(1, 0, 0x124D4D4D);
    byte[] expected = new byte[18];
    Arrays.fill(expected, 3, 6, (byte) 77);
    for (BufferedImage image : List.of(grey, deep, clear)) {
      assertThat(Picture.of(image).rgb()).isEqualTo(expected);
    }
  }

  @Test
  @BadInput(
      number = 46,
      value = "a stream that gives more than a picture may have, or whose bytes are no picture",
      then = "an error that names it; no more is read than is allowed")
  void aStreamWithoutEnd() {
    InputStream zeros =
        new InputStream() {
          @Override
          public int read() {
            return 0;
          }
        };
    assertThatThrownBy(() -> Picture.bytes(zeros, 1000, "a stream"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            "a stream: the picture has more than 1000 bytes; scale it down or leave it out");
    assertThatThrownBy(
            () -> Picture.read(new ByteArrayInputStream(new byte[] {1, 2, 3}), "a stream"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("a stream: ");
    BufferedImage huge = new BufferedImage(13400, 13400, BufferedImage.TYPE_BYTE_BINARY);
    assertThatThrownBy(() -> Picture.of(huge))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is larger than the limit");
  }
}
