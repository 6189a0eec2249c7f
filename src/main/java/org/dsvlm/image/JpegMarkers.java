/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.DsVlmException;

/**
 * The marker segments of a JPEG file (ITU-T T.81, annex B): what they say about its colours, and
 * the file reduced to what concerns the pixels.
 */
final class JpegMarkers {
  private static final int START = 0xd8;
  private static final int END = 0xd9;
  private static final int SCAN = 0xda;
  private static final int HUFFMAN = 0xc4;
  private static final int RESTARTS = 0xdd;
  private static final int LOSSLESS = 0xc3;
  private static final int BITS = 8;
  private static final int FIRST_APP = 0xe0;
  private static final int ADOBE_APP = 0xee;
  private static final int LAST_APP = 0xef;
  private static final int COMMENT = 0xfe;

  /** Kinds of frames that no usual decoder reads. */
  private static final Set<Integer> UNREAD = Set.of(0xc5, 0xc6, 0xc7, 0xcb, 0xcd, 0xce, 0xcf);

  /**
   * A segment that says how pixels are coded.
   *
   * @param from its first byte behind marker and length
   */
  record Segment(int marker, int from, int to) {}

  /** An Adobe segment that says: the components are stored untransformed. */
  private static final byte[] UNTRANSFORMED = {
    (byte) 0xff, (byte) ADOBE_APP, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
  };

  private final byte[] data;
  private final String where;
  private final ByteArrayOutputStream pixels;
  private int at;
  private boolean jfif;
  private int adobeTransform = -1;
  private int scans;
  private int width;
  private int height;
  private byte[] componentIds = {};
  private final List<Segment> segments = new ArrayList<>();
  private int skipped;
  private int scanBegin;
  private int scanEnd;

  private JpegMarkers(byte[] data, String where) {
    this.data = data;
    this.where = where;
    this.pixels = new ByteArrayOutputStream(data.length + UNTRANSFORMED.length);
  }

  /**
   * Walks over all segments of {@code data}.
   *
   * @throws DsVlmException if the file ends before its end marker
   */
  static JpegMarkers read(byte[] data, String where) {
    JpegMarkers markers = new JpegMarkers(data, where);
    markers.walk();
    return markers;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  /** Passes over the pixels that the file asks for. */
  int scans() {
    return scans;
  }

  int components() {
    return componentIds.length;
  }

  /** Bytes of no meaning between the segments behind the last scan. */
  int skipped() {
    return skipped;
  }

  byte[] data() {
    return data;
  }

  /** Frame header, scan headers, tables of codes and distances of restarts, in order. */
  List<Segment> segments() {
    return segments;
  }

  /** Where the coded pixels of the last scan begin. */
  int scanBegin() {
    return scanBegin;
  }

  /** Where the marker behind them stands. */
  int scanEnd() {
    return scanEnd;
  }

  /**
   * Whether the components are YCbCr or YCCK rather than RGB or CMYK, by the rules of libjpeg: the
   * JFIF and Adobe segments decide, then the components' names.
   */
  boolean luminanceChrominance() {
    return switch (components()) {
      case 3 -> jfif || (adobeTransform >= 0 ? adobeTransform != 0 : !namedRgb());
      case 4 -> adobeTransform > 0;
      default -> false;
    };
  }

  private boolean namedRgb() {
    return componentIds[0] == 'R' && componentIds[1] == 'G' && componentIds[2] == 'B';
  }

  /**
   * The file without comments, colour profiles and other data, marked as untransformed, so that a
   * decoder hands out the components as they are stored.
   */
  byte[] untransformed() {
    return pixels.toByteArray();
  }

  private void walk() {
    pixels.write(0xff);
    pixels.write(START);
    pixels.writeBytes(UNTRANSFORMED);
    at = 2;
    int marker = marker();
    while (marker != END) {
      segment(marker);
      if (marker == SCAN) {
        scans++;
        entropyCoded();
        skipped = 0;
      }
      marker = marker();
    }
    pixels.write(0xff);
    pixels.write(END);
    if (componentIds.length == 0) {
      throw new DsVlmException(where + ": the JPEG has no frame header; download it again");
    }
  }

  /** Moves behind the next marker and returns it. */
  private int marker() {
    while (next() != 0xff) {
      skipped++; // Bytes between segments have no meaning; decoders pass over them.
    }
    int marker = next();
    while (marker == 0xff) {
      marker = next();
    }
    return marker;
  }

  private void segment(int marker) {
    if (marker == 0x00 || marker == 0x01 || (marker >= 0xd0 && marker <= START)) {
      return; // These stand alone.
    }
    int begin = at;
    int end = begin + (next() << 8 | next());
    if (end < begin + 2) {
      throw new DsVlmException(
          where + ": the JPEG is damaged at byte " + begin + "; download it again");
    }
    requireUpTo(end);
    boolean frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) {
      requireReadable(marker, data[at] & 0xff);
      frameHeader(end);
    }
    if (frame || marker == SCAN || marker == HUFFMAN || marker == RESTARTS) {
      segments.add(new Segment(marker, at, end));
    }
    if (marker == FIRST_APP && startsWith("JFIF\0", end)) {
      jfif = true;
    }
    if (marker == ADOBE_APP && end - at >= 12 && startsWith("Adobe", end)) {
      adobeTransform = data[at + 11] & 0xff;
    }
    if ((marker < FIRST_APP || marker > LAST_APP) && marker != COMMENT) {
      pixels.write(0xff);
      pixels.write(marker);
      pixels.write(data, begin, end - begin);
    }
    at = end;
  }

  /**
   * @param bits of a sample
   */
  private void requireReadable(int marker, int bits) {
    if (UNREAD.contains(marker)) {
      throw new DsVlmException(
          where + ": a JPEG of a hierarchical or rare lossless kind is not read; convert it");
    }
    if (bits != BITS && marker != LOSSLESS) {
      throw new DsVlmException(
          where + ": a JPEG of " + bits + " bits a sample is not read; convert it to " + BITS);
    }
  }

  private void frameHeader(int end) {
    if (componentIds.length > 0) {
      throw new DsVlmException(where + ": the JPEG has two frame headers; download it again");
    }
    int count = end - at >= 6 ? data[at + 5] : 0;
    if (count < 1 || end - at < 6 + 3 * count) {
      throw new DsVlmException(where + ": the JPEG's frame header is damaged; download it again");
    }
    height = (data[at + 1] & 0xff) << 8 | data[at + 2] & 0xff;
    width = (data[at + 3] & 0xff) << 8 | data[at + 4] & 0xff;
    componentIds = new byte[count];
    for (int i = 0; i < count; i++) {
      componentIds[i] = data[at + 6 + 3 * i];
    }
  }

  /** Copies coded pixels up to the next marker that is neither a stuffed 0xff nor a restart. */
  private void entropyCoded() {
    int begin = at;
    while (true) {
      // Nearly all of a file is here.
      while (at < data.length && data[at] != (byte) 0xff) {
        at++;
      }
      next();
      int code = next();
      while (code == 0xff) {
        code = next();
      }
      if (code != 0 && !(code >= 0xd0 && code <= 0xd7)) {
        at -= 2;
        scanBegin = begin;
        scanEnd = at;
        pixels.write(data, begin, at - begin);
        return;
      }
    }
  }

  private boolean startsWith(String text, int end) {
    for (int i = 0; i < text.length(); i++) {
      if (at + i >= end || data[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private int next() {
    requireUpTo(at + 1);
    return data[at++] & 0xff;
  }

  private void requireUpTo(int end) {
    if (end > data.length) {
      throw new DsVlmException(
          where
              + ": the JPEG is cut short: it ends at byte "
              + data.length
              + " without its end marker; download it again");
    }
  }
}
