/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds where the coded pixels of a JPEG with one scan end (ITU-T T.81, annex F), by reading the
 * codes without what they stand for. What stands between that place and the next marker has no
 * meaning; decoders pass over it. Of several scans libjpeg reads all before it hands out the first
 * row, so that it says by itself what is amiss.
 */
final class JpegScan {
  private static final int BASELINE = 0xc0;
  private static final int EXTENDED = 0xc1;
  private static final int SCAN = 0xda;
  private static final int HUFFMAN = 0xc4;
  private static final int RESTARTS = 0xdd;
  private static final int BLOCK = 64;

  /** Code and number that follows it take at most 16 bits each. */
  private static final int LONGEST = 32;

  private static final VarHandle FOUR_BYTES =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  /**
   * Bytes of no meaning.
   *
   * @param from their place
   * @param bytes how many there are
   */
  record End(int from, int bytes) {
    static final End SOUND = new End(0, 0);

    /** {@code data} without them. */
    byte[] without(byte[] data) {
      if (bytes == 0) {
        return data;
      }
      byte[] left = new byte[data.length - bytes];
      System.arraycopy(data, 0, left, 0, from);
      System.arraycopy(data, from + bytes, left, from, left.length - from);
      return left;
    }
  }

  /** How many bits each code takes with the number behind it, and how far in a block it leads. */
  private static final class Table {
    private static final int FAST_BITS = 10;

    /** Bits and places by the next bits; 0 for a longer code. */
    private final int[] fast = new int[1 << FAST_BITS];

    private final int[] firstCode = new int[17];
    private final int[] firstIndex = new int[17];
    private final int[] counts = new int[17];
    private final byte[] symbols;
    private final boolean first;

    /**
     * From 16 counts, then the symbols, at {@code from}.
     *
     * @param first whether it is for the first coefficient of a block, which has no zeros before it
     */
    Table(byte[] data, int from, int symbolCount, boolean first) {
      symbols = Arrays.copyOfRange(data, from + 16, from + 16 + symbolCount);
      this.first = first;
      int code = 0;
      int index = 0;
      for (int length = 1; length <= 16; length++) {
        counts[length] = data[from + length - 1] & 0xff;
        firstCode[length] = code;
        firstIndex[length] = index;
        for (int i = 0; i < counts[length]; i++, code++, index++) {
          int start = code << Math.max(0, FAST_BITS - length);
          if (length <= FAST_BITS && start < fast.length) {
            int last = Math.min(fast.length, start + (1 << FAST_BITS - length));
            Arrays.fill(fast, start, last, step(length, index));
          }
        }
        code <<= 1;
      }
    }

    /** Bits of a code of that length with its number, and the places that it leads on. */
    private int step(int length, int index) {
      int size = symbols[index] & 15;
      int zeros = first ? 0 : (symbols[index] & 0xff) >> 4;
      boolean endsBlock = !first && size == 0 && zeros < 15;
      return length + size << 8 | (endsBlock ? BLOCK : zeros + 1);
    }

    /** The step of the code that {@code bits}, the next 16, begin with; 0 for none. */
    int step(int bits) {
      int known = fast[bits >>> 16 - FAST_BITS];
      return known != 0 ? known : longStep(bits);
    }

    private int longStep(int bits) {
      for (int length = FAST_BITS + 1; length <= 16; length++) {
        int offset = (bits >>> 16 - length) - firstCode[length];
        if (offset >= 0 && offset < counts[length]) {
          return step(length, firstIndex[length] + offset);
        }
      }
      return 0;
    }
  }

  private final byte[] data;
  private final int end;
  private final @Nullable Table[] dc = new Table[4];
  private final @Nullable Table[] ac = new Table[4];

  /** The tables of each block of an MCU, in order. */
  private Table[] blocks = {};

  private long mcus;
  private int restartInterval;

  private int at;
  private long buffer;
  private int count;

  private JpegScan(byte[] data, int begin, int end) {
    this.data = data;
    this.at = begin;
    this.end = end;
  }

  /** What stands behind the coded pixels; nothing where that cannot be told. */
  static End end(JpegMarkers markers) {
    if (markers.scans() != 1) {
      return End.SOUND;
    }
    JpegScan scan = new JpegScan(markers.data(), markers.scanBegin(), markers.scanEnd());
    try {
      return scan.read(markers) ? scan.behind() : End.SOUND;
    } catch (ArrayIndexOutOfBoundsException e) {
      // A header that promises more than it holds: libjpeg tells.
      return End.SOUND;
    }
  }

  private boolean read(JpegMarkers markers) {
    JpegMarkers.@Nullable Segment frame = null;
    for (JpegMarkers.Segment segment : markers.segments()) {
      switch (segment.marker()) {
        case BASELINE, EXTENDED -> frame = segment;
        case HUFFMAN -> tables(segment);
        case RESTARTS -> restartInterval = number(segment.from());
        case SCAN -> {
          return frame != null && header(markers, frame, segment) && blocks();
        }
        default -> {
          return false;
        }
      }
    }
    return false;
  }

  private int number(int from) {
    return (data[from] & 0xff) << 8 | data[from + 1] & 0xff;
  }

  private void tables(JpegMarkers.Segment segment) {
    for (int from = segment.from(); from + 17 <= segment.to(); ) {
      int name = data[from++] & 0xff;
      int symbols = 0;
      for (int i = 0; i < 16; i++) {
        symbols += data[from + i] & 0xff;
      }
      boolean first = (name & 0xf0) == 0;
      (first ? dc : ac)[name & 3] = new Table(data, from, symbols, first);
      from += 16 + symbols;
    }
  }

  /** Reads which tables each block goes by, and how many there are. */
  private boolean header(JpegMarkers markers, JpegMarkers.Segment frame, JpegMarkers.Segment scan) {
    int components = data[scan.from()];
    if (components != markers.components()) {
      return false;
    }
    int widest = 1;
    int highest = 1;
    int blocksOfMcu = 0;
    for (int i = 0; i < components; i++) {
      int sampling = data[frame.from() + 7 + 3 * i] & 0xff;
      widest = Math.max(widest, sampling >> 4);
      highest = Math.max(highest, sampling & 15);
      blocksOfMcu += (sampling >> 4) * (sampling & 15);
    }
    if (components == 1) {
      // Alone in a scan, a component has one block an MCU, whatever its sampling.
      widest = 1;
      highest = 1;
      blocksOfMcu = 1;
    }
    blocks = new Table[2 * blocksOfMcu];
    int block = 0;
    for (int i = 0; i < components; i++) {
      int sampling = components == 1 ? 0x11 : data[frame.from() + 7 + 3 * i] & 0xff;
      int names = data[scan.from() + 2 + 2 * i];
      Table first = dc[names >> 4 & 3];
      Table others = ac[names & 3];
      if (first == null || others == null) {
        return false;
      }
      for (int j = 0; j < (sampling >> 4) * (sampling & 15); j++) {
        blocks[block++] = first;
        blocks[block++] = others;
      }
    }
    mcus =
        (long) ((markers.width() + 8 * widest - 1) / (8 * widest))
            * ((markers.height() + 8 * highest - 1) / (8 * highest));
    return true;
  }

  /** Passes over all blocks; false if the codes are not sound. */
  private boolean blocks() {
    for (long mcu = 0; mcu < mcus; mcu++) {
      if (restartInterval > 0 && mcu > 0 && mcu % restartInterval == 0 && !restart()) {
        return false;
      }
      for (int block = 0; block < blocks.length; block += 2) {
        if (!block(blocks[block], blocks[block + 1])) {
          return false;
        }
      }
    }
    return true;
  }

  /** Passes over a block of 64 coefficients. */
  private boolean block(Table first, Table others) {
    Table table = first;
    for (int place = 0; place < BLOCK; ) {
      if (count < LONGEST) {
        fill();
      }
      int bits = (int) (count >= 16 ? buffer >>> count - 16 : buffer << 16 - count) & 0xffff;
      int step = table.step(bits);
      count -= step >> 8;
      if (step == 0 || count < 0) {
        return false;
      }
      place += step & 0xff;
      table = others;
    }
    return true;
  }

  /** Takes bytes up to the next marker, each 0xff being followed by a 0 that is none. */
  private void fill() {
    while (count <= 32 && at < end) {
      if (at + 4 <= end) {
        int four = (int) FOUR_BYTES.get(data, at);
        // None of them is 0xff.
        if ((~four - 0x01010101 & four & 0x80808080) == 0) {
          buffer = buffer << 32 | four & 0xffffffffL;
          count += 32;
          at += 4;
          continue;
        }
      }
      int next = data[at] & 0xff;
      if (next == 0xff) {
        if (at + 1 >= end || data[at + 1] != 0) {
          return;
        }
        at++;
      }
      at++;
      buffer = buffer << 8 | next;
      count += 8;
    }
  }

  private boolean restart() {
    count = 0;
    while (at + 1 < end && !isRestart()) {
      at++;
    }
    at += 2;
    return at <= end;
  }

  private boolean isRestart() {
    return data[at] == (byte) 0xff && (data[at + 1] & 0xf8) == 0xd0;
  }

  /** What is left when all blocks are read. */
  private End behind() {
    // Whole bytes that were taken too early go back.
    for (int back = count / 8; back > 0; back--) {
      at -= data[at - 1] == 0 && data[at - 2] == (byte) 0xff ? 2 : 1;
    }
    if (at + 1 < end && isRestart()) {
      at += 2;
    }
    int last = end;
    while (last > at && data[last - 1] == (byte) 0xff) {
      last--; // A marker may begin with several.
    }
    return new End(at, last - at);
  }
}
