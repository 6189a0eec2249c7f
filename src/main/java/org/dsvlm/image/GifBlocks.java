/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.io.ByteArrayOutputStream;
import org.dsvlm.io.DsVlmException;

/**
 * The blocks of a GIF file, and the file reduced to its first frame: screen, palettes, transparency
 * and pixels. Comments and other extensions are left out, since ImageIO joins the pieces of a
 * comment in a time that grows with the square of its length.
 */
final class GifBlocks {
  private static final int SCREEN = 13;
  private static final int TABLE = 0x80;
  private static final int EXTENSION = 0x21;
  private static final int CONTROL = 0xf9;
  private static final int IMAGE = 0x2c;
  private static final int TRAILER = 0x3b;

  /** Of an extension that says which colour is transparent, with the two bytes before. */
  private static final int CONTROL_LENGTH = 8;

  private static final int DESCRIPTOR = 10;

  private final byte[] data;
  private final String where;
  private final ByteArrayOutputStream frame;
  private int at;
  private int control = -1;

  private GifBlocks(byte[] data, String where) {
    this.data = data;
    this.where = where;
    this.frame = new ByteArrayOutputStream(data.length);
  }

  /**
   * The first frame of {@code data} as a file of its own.
   *
   * @throws DsVlmException if the file ends before the pixels of a frame
   */
  static byte[] firstFrame(byte[] data, String where) {
    GifBlocks blocks = new GifBlocks(data, where);
    blocks.walk();
    return blocks.frame.toByteArray();
  }

  private void walk() {
    copy(0, SCREEN);
    at = SCREEN;
    table(byteAt(SCREEN - 3));
    while (true) {
      int block = byteAt(at);
      if (block == IMAGE) {
        image();
        return;
      } else if (block == EXTENSION) {
        if (byteAt(at + 1) == CONTROL && byteAt(at + 2) == CONTROL_LENGTH - 4) {
          control = at;
        }
        at = afterBlocks(at + 2);
      } else if (block == TRAILER) {
        throw new DsVlmException(where + ": the GIF holds no picture; download it again");
      } else {
        at++; // Pillow passes over what is no block.
      }
    }
  }

  private void image() {
    if (control >= 0) {
      copy(control, control + CONTROL_LENGTH - 1);
      frame.write(0);
    }
    copy(at, at + DESCRIPTOR);
    int flags = byteAt(at + DESCRIPTOR - 1);
    at += DESCRIPTOR;
    table(flags);
    // Pixels that are cut off are left to the decoder, which says so.
    int end = at + 1;
    while (end < data.length && data[end] != 0) {
      end += 1 + (data[end] & 0xff);
    }
    boolean whole = end < data.length;
    copy(at, whole ? end + 1 : data.length);
    if (whole) {
      frame.write(TRAILER);
    }
  }

  /** Copies the palette that {@code flags} announce, if they do. */
  private void table(int flags) {
    if ((flags & TABLE) != 0) {
      int end = at + 3 * (2 << (flags & 7));
      copy(at, end);
      at = end;
    }
  }

  private int afterBlocks(int from) {
    int next = from;
    while (byteAt(next) != 0) {
      next += 1 + byteAt(next);
    }
    return next + 1;
  }

  private void copy(int from, int to) {
    require(to);
    frame.write(data, from, to - from);
  }

  private int byteAt(int place) {
    require(place + 1);
    return data[place] & 0xff;
  }

  private void require(int end) {
    if (end > data.length) {
      throw new DsVlmException(
          where + ": the GIF is cut short after " + data.length + " bytes; download it again");
    }
  }
}
