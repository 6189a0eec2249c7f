/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads event files by their specification, with no code of the writer's. */
final class EventReader {
  private EventReader() {}

  /** A field of a message: its number and its value, a Long, Double, Float or byte[]. */
  record Field(int number, Object value) {
    List<Field> message() {
      return fields((byte[]) value);
    }

    String text() {
      return new String((byte[]) value, StandardCharsets.UTF_8);
    }
  }

  /** The messages of {@code file}, whose checksums all have to be right. */
  static List<List<Field>> events(Path file) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<List<Field>> events = new ArrayList<>();
    while (buffer.hasRemaining()) {
      byte[] bytes = new byte[checked(buffer, Long.BYTES).getInt()];
      checked(buffer, bytes.length).get(bytes);
      events.add(fields(bytes));
    }
    return events;
  }

  /** The next {@code size} bytes, after a look at the masked checksum that follows them. */
  private static ByteBuffer checked(ByteBuffer buffer, int size) {
    byte[] bytes = new byte[size];
    buffer.get(bytes);
    int crc = crc32c(bytes);
    assertThat(buffer.getInt()).isEqualTo((crc >>> 15 | crc << 17) + 0xa282ead8);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** CRC-32C (Castagnoli) bit by bit. */
  static int crc32c(byte[] bytes) {
    int crc = -1;
    for (byte b : bytes) {
      crc ^= b & 0xFF;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc >>> 1 ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
      }
    }
    return ~crc;
  }

  static List<Field> fields(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<Field> fields = new ArrayList<>();
    while (buffer.hasRemaining()) {
      long tag = varint(buffer);
      Object value =
          switch ((int) (tag & 7)) {
            case 0 -> varint(buffer);
            case 1 -> buffer.getDouble();
            case 2 -> {
              byte[] content = new byte[(int) varint(buffer)];
              buffer.get(content);
              yield content;
            }
            case 5 -> buffer.getFloat();
            default -> throw new AssertionError("wire type of tag " + tag);
          };
      fields.add(new Field((int) (tag >>> 3), value));
    }
    return fields;
  }

  private static long varint(ByteBuffer buffer) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = buffer.get();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }
}
