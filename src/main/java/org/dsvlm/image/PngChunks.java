/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a PNG file, and the file reduced to those that hold pixels. All others are left
 * out, sound or not: ImageIO would read each of them, fail at a sloppy one, inflate any text, and
 * take a transparent colour for an alpha channel, which changes how it reads 16-bit greys. Pillow
 * passes over them too.
 */
final class PngChunks {
  private static final int SIGNATURE = 8;
  private static final int AROUND = 12;
  private static final int COLOUR_TYPE = 9;
  private static final int PALETTE_TYPE = 3;
  private static final int LONGEST_PALETTE = 768;

  private final byte[] data;
  private final String where;
  private final ByteArrayOutputStream pixels;
  private byte @Nullable [] header;
  private byte @Nullable [] palette;
  private boolean begun;
  private int damaged;

  private PngChunks(byte[] data, String where) {
    this.data = data;
    this.where = where;
    this.pixels = new ByteArrayOutputStream(data.length);
  }

  /**
   * Walks over the chunks of {@code data}.
   *
   * @throws DsVlmException if there is no header or no pixel
   */
  static PngChunks read(byte[] data, String where) {
    PngChunks chunks = new PngChunks(data, where);
    chunks.walk();
    return chunks;
  }

  /** The file without anything but pixels. */
  byte[] pixels() {
    return pixels.toByteArray();
  }

  /** Red, green and blue of each index of the palette; nothing without one. */
  byte @Nullable [] palette() {
    return isPalette() ? palette : null;
  }

  private boolean isPalette() {
    return header != null && header[COLOUR_TYPE] == PALETTE_TYPE;
  }

  private void walk() {
    pixels.write(data, 0, SIGNATURE);
    ByteBuffer file = ByteBuffer.wrap(data);
    boolean more = true;
    for (int at = SIGNATURE; more && at + 8 <= data.length; ) {
      long length = Integer.toUnsignedLong(file.getInt(at));
      String type = new String(data, at + 4, 4, StandardCharsets.ISO_8859_1);
      // The last chunk may be cut off; if all pixels are there, they are shown.
      int there = (int) Math.min(length, data.length - at - 8L);
      requireChecksum(type, at, length);
      take(type, at + 8, there);
      more = !type.equals("IEND") && at + AROUND + length < data.length;
      at += more ? (int) (AROUND + length) : 0;
    }
    if (!begun) {
      throw new DsVlmException(
          where
              + ": the PNG holds no pixels in its "
              + data.length
              + " bytes; it may be cut short: download it again");
    }
    write("IEND", new byte[0], 0, 0);
  }

  /** As Pillow, which refuses a header or palette of another checksum, and no other chunk. */
  private void requireChecksum(String type, int at, long length) {
    boolean pixels = type.equals("IDAT");
    if ((!pixels && !type.equals("IHDR") && !type.equals("PLTE"))
        || at + AROUND + length > data.length) {
      return;
    }
    CRC32 checksum = new CRC32();
    checksum.update(data, at + 4, 4 + (int) length);
    int stored = ByteBuffer.wrap(data).getInt(at + 8 + (int) length);
    if ((int) checksum.getValue() == stored) {
      return;
    }
    if (!pixels) {
      throw new DsVlmException(
          where + ": the PNG's " + type + " has another checksum than it says; download it again");
    }
    damaged++;
  }

  /** What Pillow passes over; empty if all is sound. */
  String warning() {
    return damaged == 0
        ? ""
        : "the PNG is damaged (" + damaged + " wrong checksums); parts of it may be wrong";
  }

  private void take(String type, int at, int length) {
    switch (type) {
      case "IHDR" -> {
        if (header == null && length == 13) {
          header = Arrays.copyOfRange(data, at, at + length);
        }
      }
      case "PLTE" -> {
        if (length > LONGEST_PALETTE && isPalette()) {
          throw new DsVlmException(
              where + ": the PNG has a palette of " + length + " bytes; download it again");
        }
        palette = Arrays.copyOfRange(data, at, at + length / 3 * 3);
      }
      case "IDAT" -> {
        if (header == null) {
          throw new DsVlmException(where + ": the PNG has no header; download it again");
        }
        if (!begun) {
          begun = true;
          writeHeader(header);
        }
        write(type, data, at, length);
      }
      default -> {
        // It holds no pixels.
      }
    }
  }

  private void writeHeader(byte[] header) {
    write("IHDR", header, 0, header.length);
    if (isPalette()) {
      // Pillow shows black for want of a palette; ImageIO wants one.
      byte[] known = palette == null || palette.length == 0 ? new byte[3] : palette;
      palette = known;
      write("PLTE", known, 0, known.length);
    }
  }

  private void write(String type, byte[] content, int at, int length) {
    byte[] name = type.getBytes(StandardCharsets.ISO_8859_1);
    CRC32 checksum = new CRC32();
    checksum.update(name);
    checksum.update(content, at, length);
    pixels.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
    pixels.writeBytes(name);
    pixels.write(content, at, length);
    pixels.writeBytes(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
  }
}
