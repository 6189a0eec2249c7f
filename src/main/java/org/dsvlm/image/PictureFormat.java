/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.dsvlm.io.DsVlmException;

/** File formats, told apart by their first bytes. */
enum PictureFormat {
  JPEG,
  PNG,
  GIF,
  BMP,
  WEBP;

  /** First bytes that are looked at. */
  private static final int HEAD = 512;

  /** Place of the number of the byte at which a BMP's pixels begin. */
  private static final int PIXELS = 10;

  /** Place of a BMP's colour space, in the newer headers. */
  private static final int COLOUR_SPACE = 70;

  /** The colour space that has no profile: the letters sRGB, the last one first. */
  private static final int STANDARD_RGB = 0x73524742;

  /** The format of {@code data}. */
  static PictureFormat of(byte[] data, String where) {
    int length = Math.min(data.length, HEAD);
    String head = new String(data, 0, length, StandardCharsets.ISO_8859_1);
    if (head.startsWith("\u00ff\u00d8\u00ff")) {
      return JPEG;
    }
    if (head.startsWith("\u0089PNG\r\n\u001a\n")) {
      return PNG;
    }
    if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) {
      return GIF;
    }
    if (head.startsWith("BM")) {
      return BMP;
    }
    if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) {
      return WEBP;
    }
    throw new DsVlmException(
        where
            + ": "
            + OtherFormat.name(head)
            + "; JPEG, PNG, GIF, BMP and WebP are read: convert it, or download it again if it"
            + " should be one of them");
  }

  /**
   * The picture in {@code data}.
   *
   * @param most pixels that it may have
   */
  Picture decode(byte[] data, String where, long most) throws IOException {
    return switch (this) {
      case JPEG -> JpegDecoder.decode(data, where, most);
      case GIF -> GifDecoder.decode(data, where, most);
      case PNG -> PlainDecoder.png(data, where, most);
      case BMP -> {
        requireBmpSize(data, where, most);
        yield PlainDecoder.decode("bmp", withoutProfile(data), where, most);
      }
      case WEBP -> WebpDecoder.decode(data, where, most);
    };
  }

  /**
   * ImageIO would notice too, but with its own words: it finds that rows of such a size overflow.
   */
  private static void requireBmpSize(byte[] data, String where, long most) {
    ByteBuffer header = littleEndian(data, 26, where);
    long pixels = Integer.toUnsignedLong(header.getInt(PIXELS));
    if (pixels >= data.length) {
      throw new DsVlmException(
          where
              + ": the BMP's pixels would begin at byte "
              + pixels
              + ", but it has "
              + data.length
              + "; download it again");
    }
    boolean oldHeader = header.getInt(14) == 12;
    int compression = oldHeader || data.length < 34 ? 0 : header.getInt(30);
    if (compression == 4 || compression == 5) {
      throw new DsVlmException(
          where
              + ": a BMP that holds a "
              + (compression == 4 ? "JPEG" : "PNG")
              + " is not read; convert it");
    }
    long width = oldHeader ? header.getShort(18) : header.getInt(18);
    long height = oldHeader ? header.getShort(20) : header.getInt(22);
    // Rows stand top to bottom where the height is negative.
    Picture.requireSize(width, Math.abs(height), where, most);
  }

  /**
   * The file as one without colour profile. Pillow passes over it, while ImageIO fails at a broken
   * one and opens the file that a linked one names.
   */
  private static byte[] withoutProfile(byte[] data) {
    ByteBuffer header = ByteBuffer.wrap(data.clone()).order(ByteOrder.LITTLE_ENDIAN);
    if (header.getInt(14) < COLOUR_SPACE - 14 + 4 || data.length < COLOUR_SPACE + 4) {
      return data;
    }
    header.putInt(COLOUR_SPACE, STANDARD_RGB);
    return header.array();
  }

  private static ByteBuffer littleEndian(byte[] data, int length, String where) {
    if (data.length < length) {
      throw new DsVlmException(
          where + ": the picture is cut short after " + data.length + " bytes; download it again");
    }
    return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
  }
}
