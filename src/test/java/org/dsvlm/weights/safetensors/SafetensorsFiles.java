/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds safetensors files by hand, sound ones and others. */
final class SafetensorsFiles {
  private SafetensorsFiles() {}

  /** The 8-byte length that {@code header} truly has, the header, then {@code dataBytes} zeros. */
  static byte[] bytes(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return bytes(json.length, json, new byte[dataBytes]);
  }

  /** Any length field before header and data. */
  static byte[] bytes(long headerLength, byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerLength)
        .put(header)
        .put(data)
        .array();
  }

  static Path write(Path folder, byte[] content) throws IOException {
    return Files.write(folder.resolve("broken.safetensors"), content);
  }
}
