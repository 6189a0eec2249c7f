/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that tokens stand for. A vocabulary spells them in one of two ways: byte by byte in
 * characters that can be printed (GPT-2, Radford et al. 2019), or as text with U+2581 for a space
 * and {@code <0xE2>} for a byte of a character that it does not have (sentencepiece).
 */
final class TokenBytes {
  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");
  private static final int BYTES = 256;
  private static final char SPACE = '\u2581';

  private final Map<Long, byte[]> bytes = new HashMap<>();

  /**
   * @param added tokens that stand beside the vocabulary, spelled as they are
   * @param byteLevel whether the vocabulary spells byte by byte
   */
  TokenBytes(Map<String, Long> vocabulary, Map<String, Long> added, boolean byteLevel) {
    Map<Integer, Integer> byteOf = byteLevel ? printedBytes() : Map.of();
    vocabulary.forEach(
        (token, id) -> bytes.put(id, byteLevel ? printed(token, byteOf) : written(token)));
    added.forEach((token, id) -> bytes.put(id, utf8(token)));
  }

  byte @Nullable [] of(long id) {
    byte[] found = bytes.get(id);
    return found == null ? null : found.clone();
  }

  private static byte[] written(String token) {
    if (BYTE.matcher(token).matches()) {
      return new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)};
    }
    return utf8(token.replace(SPACE, ' '));
  }

  private static byte[] printed(String token, Map<Integer, Integer> byteOf) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int character : token.codePoints().toArray()) {
      Integer value = byteOf.get(character);
      if (value == null) {
        return utf8(token);
      }
      out.write(value);
    }
    return out.toByteArray();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The byte that each character stands for: itself, or those from 256 on for what is no print. */
  private static Map<Integer, Integer> printedBytes() {
    Map<Integer, Integer> byteOf = new HashMap<>();
    int next = BYTES;
    for (int value = 0; value < BYTES; value++) {
      boolean prints =
          (value >= '!' && value <= '~') || (value >= 0xA1 && value <= 0xFF && value != 0xAD);
      byteOf.put(prints ? value : next++, value);
    }
    return byteOf;
  }
}
