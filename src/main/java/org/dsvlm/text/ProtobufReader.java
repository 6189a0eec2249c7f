/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.dsvlm.io.DsVlmException;

/**
 * One message in protobuf's wire format, field after field. No length is believed before it is
 * known to lie within the message, so nothing is allocated that the file does not hold. Errors
 * describe the message; the caller, who knows the file, adds it.
 */
final class ProtobufReader {
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;

  private final ByteBuffer bytes;
  private int field;
  private int wireType;

  /** Reads {@code bytes} from position to limit. */
  ProtobufReader(ByteBuffer bytes) {
    this.bytes = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Goes to the next field; false at the end of the message. */
  boolean next() {
    if (!bytes.hasRemaining()) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    wireType = (int) (tag & 7);
    if (tag >>> 3 < 1 || tag >>> 3 > 536_870_911) {
      throw broken("a field numbered " + (tag >>> 3));
    }
    return true;
  }

  /** Number of the present field. */
  int field() {
    return field;
  }

  /** Value of the present field, a whole number. */
  long number() {
    expect(VARINT, "a number");
    return varint();
  }

  /** Value of the present field, true or false. */
  boolean flag() {
    return number() != 0;
  }

  /** Value of the present field, a single-precision number. */
  float decimal() {
    expect(FIXED_32, "a decimal number");
    return need(4).getFloat();
  }

  /** Value of the present field, a message or plain bytes. */
  ByteBuffer bytes() {
    expect(BYTES, "bytes");
    return need(varint());
  }

  /** Value of the present field, text. */
  String text() {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes()).toString();
    } catch (CharacterCodingException e) {
      throw broken("text that is not UTF-8");
    }
  }

  /** Passes over the present field. */
  void skip() {
    switch (wireType) {
      case VARINT -> varint();
      case FIXED_64 -> need(8);
      case BYTES -> need(varint());
      case FIXED_32 -> need(4);
      default -> throw broken("a value of unknown kind " + wireType);
    }
  }

  private void expect(int type, String wanted) {
    if (wireType != type) {
      throw broken("field " + field + ", which is not " + wanted);
    }
  }

  /** The next {@code length} bytes, which are passed over. */
  private ByteBuffer need(long length) {
    if (length < 0 || length > bytes.remaining()) {
      throw broken("a value that is longer than what is left of the file");
    }
    ByteBuffer value = bytes.slice(bytes.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(bytes.position() + (int) length);
    return value;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte part = need(1).get();
      value |= (part & 0x7fL) << shift;
      if (part >= 0) {
        return value;
      }
    }
    throw broken("a number of more than 64 bits");
  }

  private static DsVlmException broken(String what) {
    return new DsVlmException("holds " + what);
  }
}
