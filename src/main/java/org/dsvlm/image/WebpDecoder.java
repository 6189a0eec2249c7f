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

/**
 * WebP, decoded by libwebp as in Pillow. Of an animation the first frame is shown on its canvas; it
 * is handed to the decoder as a picture of its own, since the decoder knows still pictures only.
 *
 * <p>A file is a RIFF container: chunks of a four-letter name, a length, and as many bytes, filled
 * up to an even number.
 */
final class WebpDecoder {
  private static final int FILE_HEADER = 12;
  private static final int CHUNK_HEADER = 8;

  /** Of VP8X: flags, three free bytes, width − 1 and height − 1 of the canvas in 24 bits each. */
  private static final int EXTENDED_LENGTH = 10;

  private static final int ANIMATED = 0x02;

  /** Of ANMF, before the frame's own chunks: place by halves, size − 1, duration, flags. */
  private static final int FRAME_HEADER = 16;

  private final ByteBuffer file;
  private final String where;
  private final long most;

  private WebpDecoder(byte[] data, String where, long most) {
    this.file = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    this.where = where;
    this.most = most;
  }

  static Picture decode(byte[] data, String where, long most) throws IOException {
    try {
      return new WebpDecoder(data, where, most).picture();
    } catch (LinkageError e) {
      throw new DsVlmException(
          where
              + ": libwebp could not be loaded ("
              + e.getMessage()
              + "); let the property com.luciad.imageio.webp.tmpdir name a folder from which"
              + " programs may run, or convert the picture",
          e);
    }
  }

  private Picture picture() throws IOException {
    requireWhole();
    boolean extended = name(FILE_HEADER).equals("VP8X");
    if (!extended || (file.get(FILE_HEADER + CHUNK_HEADER) & ANIMATED) == 0) {
      return still(file.array());
    }
    int canvas = FILE_HEADER + CHUNK_HEADER + 4;
    int frame = chunk("ANMF", FILE_HEADER + CHUNK_HEADER + EXTENDED_LENGTH, file.limit());
    int begin = frame + CHUNK_HEADER;
    return onCanvas(
        still(firstFrame(begin, begin + length(frame))),
        2 * number(begin),
        2 * number(begin + 3),
        number(canvas) + 1,
        number(canvas + 3) + 1);
  }

  private Picture still(byte[] data) throws IOException {
    return PlainDecoder.decode("webp", data, where, most);
  }

  /** The frame as a file. Its alpha, if it has a chunk of its own, would be dropped anyway. */
  private byte[] firstFrame(int begin, int end) {
    int pixels = begin + FRAME_HEADER;
    while (!name(pixels).startsWith("VP8")) {
      pixels = after(pixels, end);
    }
    int size = after(pixels, end) - pixels;
    return ByteBuffer.allocate(FILE_HEADER + size)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(ascii("RIFF"))
        .putInt(FILE_HEADER - CHUNK_HEADER + size)
        .put(ascii("WEBP"))
        .put(file.array(), pixels, size)
        .array();
  }

  private Picture onCanvas(Picture frame, int left, int top, int width, int height) {
    Picture.requireSize(width, height, where, most);
    if (left + frame.width() > width || top + frame.height() > height) {
      throw new DsVlmException(
          where + ": the WebP's first frame reaches past its canvas; download it again");
    }
    byte[] rgb = new byte[3 * width * height];
    int rowBytes = 3 * frame.width();
    for (int y = 0; y < frame.height(); y++) {
      System.arraycopy(frame.rgb(), y * rowBytes, rgb, 3 * ((top + y) * width + left), rowBytes);
    }
    return new Picture(width, height, rgb);
  }

  private void requireWhole() {
    long length = file.limit();
    if (length >= CHUNK_HEADER) {
      length = CHUNK_HEADER + Integer.toUnsignedLong(file.getInt(4));
    }
    if (length > file.limit() || file.limit() < FILE_HEADER + CHUNK_HEADER + EXTENDED_LENGTH) {
      throw cutShort();
    }
  }

  /** Where the next chunk called {@code name} begins, from the chunk at {@code from} on. */
  private int chunk(String name, int from, int end) {
    int at = from;
    while (!name(at).equals(name)) {
      at = after(at, end);
    }
    after(at, end);
    return at;
  }

  /** Where the chunk after the one at {@code at} begins. */
  private int after(int at, int end) {
    long next = at + CHUNK_HEADER + (Integer.toUnsignedLong(file.getInt(at + 4)) + 1 & ~1L);
    if (next > end) {
      throw cutShort();
    }
    return (int) next;
  }

  private String name(int at) {
    if (at + CHUNK_HEADER > file.limit()) {
      throw cutShort();
    }
    return new String(file.array(), at, 4, StandardCharsets.ISO_8859_1);
  }

  private int length(int at) {
    return file.getInt(at + 4);
  }

  /** Three bytes, the lowest first. */
  private int number(int at) {
    if (at + 3 > file.limit()) {
      throw cutShort();
    }
    return file.getShort(at) & 0xffff | (file.get(at + 2) & 0xff) << 16;
  }

  private DsVlmException cutShort() {
    return new DsVlmException(
        where + ": the WebP is cut short after " + file.limit() + " bytes; download it again");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
