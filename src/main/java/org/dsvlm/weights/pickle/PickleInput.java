/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.dsvlm.io.DsVlmException;

/** The bytes of a pickle, each read checked against their end. */
final class PickleInput {
  /** A line of a pickle is a module's name or that of something in it. */
  private static final int LONGEST_LINE = 256;

  private final String where;
  private final ByteBuffer bytes;

  /**
   * @param where the file, and the part of it, for messages
   */
  PickleInput(String where, ByteBuffer bytes) {
    this.where = where;
    this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
  }

  int position() {
    return bytes.position();
  }

  int unsignedByte() {
    need(1);
    return bytes.get() & 0xff;
  }

  int unsignedShort() {
    need(Short.BYTES);
    return bytes.getShort() & 0xffff;
  }

  int signedInt() {
    need(Integer.BYTES);
    return bytes.getInt();
  }

  long unsignedInt() {
    return signedInt() & 0xffff_ffffL;
  }

  long signedLong() {
    need(Long.BYTES);
    return bytes.getLong();
  }

  /** A big-endian float64, alone of its kind. */
  double bigEndianDouble() {
    return Double.longBitsToDouble(Long.reverseBytes(signedLong()));
  }

  byte[] bytes(long count) {
    need(count);
    byte[] read = new byte[(int) count];
    bytes.get(read);
    return read;
  }

  void skip(long count) {
    need(count);
    bytes.position(bytes.position() + (int) count);
  }

  String text(long count) {
    need(count);
    ByteBuffer own = bytes.slice().limit((int) count);
    skip(count);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(own).toString();
    } catch (CharacterCodingException e) {
      throw error("holds text that is not UTF-8");
    }
  }

  String line() {
    StringBuilder line = new StringBuilder();
    for (int next = unsignedByte(); next != '\n'; next = unsignedByte()) {
      if (line.length() == LONGEST_LINE) {
        throw error("holds a line of more than " + LONGEST_LINE + " characters");
      }
      line.append((char) next);
    }
    return line.toString();
  }

  private void need(long count) {
    if (count < 0 || count > bytes.remaining()) {
      throw error(
          "asks for "
              + Long.toUnsignedString(count)
              + " bytes where "
              + bytes.remaining()
              + " are left; the file is cut short or damaged, fetch it again");
    }
  }

  /** {@code problem}, with the file and how far it was read. */
  DsVlmException error(String problem) {
    return new DsVlmException(where + ", byte " + bytes.position() + ": " + problem);
  }
}
