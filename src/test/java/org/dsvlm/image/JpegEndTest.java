/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands at the end of a JPEG. */
class JpegEndTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");
  private static final byte[] END = {(byte) 0xff, (byte) 0xd9};

  static List<String> jpegs() throws IOException {
    try (Stream<Path> files = Files.list(PICTURES)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".jpg") && !name.startsWith("a_gif"))
          .sorted()
          .toList();
    }
  }

  private static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(PICTURES.resolve(name));
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** {@code jpeg} without its end marker. */
  private static byte[] open(byte[] jpeg) {
    return Arrays.copyOf(jpeg, jpeg.length - 2);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @MethodSource("jpegs")
  void soundFilesHaveNothingToSay(String name) throws IOException {
    assertThat(Picture.read(bytes(name), name).warning()).isEmpty();
  }

  /** Pillow 12.3 passes over them without a word. */
  @ParameterizedTest
  @MethodSource("jpegs")
  @BadInput(
      number = 85,
      value = "bytes of no meaning between a JPEG's pixels and its end marker",
      then = "accepted, with the same pixels; the ledger names the file and says how many")
  void bytesBeforeTheEndAreTold(String name) throws IOException {
    byte[] sound = bytes(name);
    byte[] pixels = Picture.read(sound, name).rgb();
    // Of several scans the decoder tells, but for the few bytes that it had taken already.
    boolean one = JpegMarkers.read(sound, name).scans() == 1;
    for (String more : List.of("x", "\0\0\0", "no pixels at all", "\0".repeat(5000))) {
      Picture picture = Picture.read(joined(open(sound), ascii(more), END), name);
      assertThat(picture.rgb()).isEqualTo(pixels);
      if (one) {
        assertThat(picture.warning())
            .contains("the JPEG has " + more.length() + " bytes of no meaning before its end");
      } else if (more.length() > 8) {
        assertThat(picture.warning()).contains("the JPEG is damaged (");
      }
    }
    byte[] comment = {(byte) 0xff, (byte) 0xfe, 0, 2};
    Picture between = Picture.read(joined(open(sound), comment, ascii("abc"), END), name);
    assertThat(between.rgb()).isEqualTo(pixels);
    assertThat(between.warning()).isNotEmpty();
  }

  /** As in Pillow: what follows the end is another file's business. */
  @ParameterizedTest
  @ValueSource(strings = {"rgb.jpg", "progressive.jpg", "gray.jpg", "restart.jpg", "cmyk.jpg"})
  void whatFollowsTheEndIsNoPartOfThePicture(String name) throws IOException {
    byte[] sound = bytes(name);
    byte[] pixels = Picture.read(sound, name).rgb();
    byte[] fill = {(byte) 0xff, (byte) 0xff, (byte) 0xff};
    for (byte[] file :
        List.of(
            joined(sound, ascii("<html>")),
            joined(sound, END, END),
            joined(sound, sound),
            joined(sound, new byte[1 << 16]),
            joined(open(sound), fill, END))) {
      Picture picture = Picture.read(file, name);
      assertThat(picture.rgb()).isEqualTo(pixels);
      assertThat(picture.warning()).isEmpty();
    }
  }

  /** Pillow refuses most of them, too, unless it is told to take what there is. */
  @ParameterizedTest
  @ValueSource(strings = {"rgb.jpg", "progressive.jpg", "gray.jpg", "restart.jpg", "cmyk.jpg"})
  void aJpegWithoutItsEndIsRefused(String name) throws IOException {
    byte[] sound = bytes(name);
    for (byte[] file : List.of(open(sound), joined(open(sound), new byte[] {(byte) 0xff}))) {
      assertThatThrownBy(() -> Picture.read(file, name))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith(name + ": the JPEG is cut short: it ends at byte " + file.length);
    }
  }

  @ParameterizedTest
  @MethodSource("jpegs")
  void damagedCodesAreLeftToTheDecoder(String name) throws IOException {
    byte[] whole = bytes(name);
    Random random = new Random(44);
    for (int i = 0; i < 500; i++) {
      byte[] damaged = whole.clone();
      for (int k = 0; k <= i % 4; k++) {
        damaged[2 + random.nextInt(whole.length - 4)] = (byte) random.nextInt();
      }
      try {
        JpegScan.End end = JpegScan.end(JpegMarkers.read(damaged, name));
        assertThat(end.bytes()).isBetween(0, damaged.length);
        assertThat(end.without(damaged)).hasSize(damaged.length - end.bytes());
      } catch (DsVlmException e) {
        // The markers themselves are damaged.
      }
    }
  }

  @Test
  @BadInput(
      number = 86,
      value = "a JPEG of 12 bits a sample, or of a kind that no decoder reads",
      then = "an error that says so, and to convert it")
  void kindsOfJpegThatAreNotReadAreNamed() throws IOException {
    byte[] jpeg = bytes("rgb.jpg");
    int frame = 2;
    while (jpeg[frame + 1] != (byte) 0xc0) {
      frame += 2 + ((jpeg[frame + 2] & 0xff) << 8 | jpeg[frame + 3] & 0xff);
    }
    byte[] deep = jpeg.clone();
    deep[frame + 4] = 12;
    assertThatThrownBy(() -> Picture.read(deep, "j"))
        .hasMessage("j: a JPEG of 12 bits a sample is not read; convert it to 8");
    byte[] hierarchical = jpeg.clone();
    hierarchical[frame + 1] = (byte) 0xc5;
    assertThatThrownBy(() -> Picture.read(hierarchical, "j"))
        .hasMessage("j: a JPEG of a hierarchical or rare lossless kind is not read; convert it");
  }
}
