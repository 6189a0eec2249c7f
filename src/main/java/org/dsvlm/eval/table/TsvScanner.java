/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Splits tab-separated bytes into rows of cells, by the rules of pandas' {@code read_csv}: a cell
 * that begins with a quote ends at the next single one and may hold tabs, line breaks and doubled
 * quotes; what follows its end until the next tab belongs to it; a quote elsewhere is a quote; LF,
 * CR LF and CR end a row; empty and blank lines are passed over; a byte order mark is no text.
 *
 * <p>It works on bytes and tells where each cell lies, so that a picture of many megabytes is
 * passed by without becoming a string. The CSV libraries tell the position of a record at best, and
 * refuse text after a closing quote.
 */
final class TsvScanner {
  /** Long cells of lazy columns keep no text, only their place. */
  static final int LONGEST_LAZY_TEXT = 4096;

  private static final int BUFFER = 1 << 16;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  /**
   * One cell.
   *
   * @param text null where it is long and its column lazy
   * @param start offset of its first byte in the file, quotes included
   * @param end offset behind its last byte
   */
  record Cell(@Nullable String text, long start, long end) {}

  /** Tells which columns are lazy. */
  interface Lazy {
    boolean is(int column);
  }

  private final InputStream in;
  private final String where;
  private final List<Cell> row = new ArrayList<>();
  private byte[] cell = new byte[1024];
  private int length;
  private boolean overlong;
  private long position;
  private long cellStart;
  private long line = 1;
  private long rowLine = 1;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int limit;

  TsvScanner(InputStream in, String where) throws IOException {
    this.in = in;
    this.where = where;
    skipByteOrderMark();
  }

  private void skipByteOrderMark() throws IOException {
    limit = in.readNBytes(buffer, 0, BYTE_ORDER_MARK.length);
    if (Arrays.equals(buffer, 0, limit, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length)) {
      at = limit;
      position = limit;
    }
  }

  /** The line in the file on which the row begins that {@link #next} gave last, from 1. */
  long line() {
    return rowLine;
  }

  /** The next row, or null behind the last one. */
  @Nullable List<Cell> next(Lazy lazy) throws IOException {
    while (true) {
      row.clear();
      rowLine = line;
      if (!scanRow(lazy)) {
        return null;
      }
      if (row.size() > 1 || !isBlank(row.get(0))) {
        return List.copyOf(row);
      }
    }
  }

  private static boolean isBlank(Cell cell) {
    // A quoted cell is longer in the file than its text.
    String text = cell.text();
    return text != null && text.isBlank() && cell.end() - cell.start() == text.length();
  }

  /** Reads one line's cells; false where there is nothing left. */
  private boolean scanRow(Lazy lazy) throws IOException {
    int c = read();
    if (c < 0) {
      return false;
    }
    unread(c);
    while (true) {
      int ended = scanCell(lazy.is(row.size()));
      if (ended != '\t') {
        return true;
      }
    }
  }

  /** Reads one cell; gives the byte that ended it, -1 at the end of the file. */
  private int scanCell(boolean lazy) throws IOException {
    length = 0;
    overlong = false;
    cellStart = position;
    int c = read();
    if (c == '"') {
      c = scanQuoted(lazy);
    }
    while (c != '\t' && c != '\n' && c != '\r' && c >= 0) {
      push(c, lazy);
      c = read();
    }
    long end = c < 0 ? position : position - 1;
    row.add(new Cell(overlong ? null : text(), cellStart, end));
    if (c == '\r') {
      int following = read();
      if (following != '\n') {
        unread(following);
        line++;
      }
    }
    return c;
  }

  /** Reads from behind the opening quote; gives the first byte behind the closing one. */
  private int scanQuoted(boolean lazy) throws IOException {
    while (true) {
      int c = read();
      if (c < 0) {
        throw new DsVlmException(
            where
                + ": the quoted cell "
                + (row.size() + 1)
                + " of the row that begins on line "
                + rowLine
                + " has no end; close the quote, or the file is cut short");
      }
      if (c == '"') {
        int following = read();
        if (following != '"') {
          return following;
        }
      }
      push(c, lazy);
    }
  }

  private void push(int c, boolean lazy) {
    if (lazy && length == LONGEST_LAZY_TEXT) {
      overlong = true;
      return;
    }
    if (length == cell.length) {
      cell = Arrays.copyOf(cell, Math.multiplyExact(length, 2));
    }
    cell[length++] = (byte) c;
  }

  private String text() {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(cell, 0, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw new DsVlmException(
          where
              + ": cell "
              + (row.size() + 1)
              + " of the row that begins on line "
              + rowLine
              + " is not UTF-8; convert the file",
          e);
    }
  }

  private int read() throws IOException {
    if (at == limit) {
      at = 0;
      limit = Math.max(0, in.read(buffer));
      if (limit == 0) {
        return -1;
      }
    }
    int c = buffer[at++] & 0xFF;
    position++;
    if (c == '\n') {
      line++;
    }
    return c;
  }

  /** Takes back what {@link #read} gave last. */
  private void unread(int c) {
    if (c >= 0) {
      at--;
      position--;
      line -= c == '\n' ? 1 : 0;
    }
  }
}
