/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.weights.GitLfsPointer;

/**
 * The header of a safetensors file: 8 bytes of length (little-endian), then that many bytes of
 * JSON, then the tensors' bytes without holes. Everything is checked against the file's size before
 * memory is taken for it.
 *
 * @param tensors entries by name, in the header's order
 * @param metadata strings of {@code __metadata__}
 * @param dataStart where the tensors' bytes begin in the file
 */
record SafetensorsHeader(
    Map<String, SafetensorsEntry> tensors, Map<String, String> metadata, long dataStart) {
  /** The format's own cap. */
  static final long LONGEST = 100_000_000;

  /**
   * Reads and checks the header.
   *
   * @param file the file's name in messages
   * @throws DsVlmException if anything in it is wrong
   * @throws IOException if the file cannot be read
   */
  static SafetensorsHeader read(String file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size == 0) {
      throw new DsVlmException(file + ": the file is empty; fetch it again");
    }
    GitLfsPointer.refuse(file, channel);
    if (size < Long.BYTES) {
      throw new DsVlmException(
          file
              + ": "
              + size
              + " bytes, too short for the 8-byte header length at offset 0; "
              + "the file is not safetensors or its download broke off");
    }
    long length = fill(file, channel, 0, Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong();
    // Unsigned in the format: 2^63 and more reads as negative here.
    if (length < 0 || length > LONGEST) {
      throw new DsVlmException(
          file
              + ": the header length at offset 0 is "
              + Long.toUnsignedString(length)
              + ", above the format's cap of "
              + LONGEST
              + "; the file is not safetensors");
    }
    if (length > size - Long.BYTES) {
      throw new DsVlmException(
          file
              + ": the header length at offset 0 is "
              + length
              + ", but only "
              + (size - Long.BYTES)
              + " bytes follow; the download broke off or the file is not safetensors");
    }
    byte[] header = fill(file, channel, Long.BYTES, (int) length).array();
    if (header.length == 0 || header[0] != '{') {
      throw new DsVlmException(
          file + ": the header at offset 8 does not start with '{'; the file is not safetensors");
    }
    refuseInvalidUtf8(file, header);
    SafetensorsJson json = SafetensorsJson.parse(file, header);
    long dataStart = Long.BYTES + length;
    refuseBadLayout(file, json.tensors(), size - dataStart);
    return new SafetensorsHeader(json.tensors(), json.metadata(), dataStart);
  }

  private static ByteBuffer fill(String file, FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new DsVlmException(
            file
                + ": ended at offset "
                + (position + buffer.position())
                + " while it was read; is another process writing it?");
      }
    }
    return buffer.flip();
  }

  private static void refuseInvalidUtf8(String file, byte[] header) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer bytes = ByteBuffer.wrap(header);
    CharBuffer sink = CharBuffer.allocate(8192);
    CoderResult result = CoderResult.OVERFLOW;
    while (result.isOverflow()) {
      result = decoder.decode(bytes, sink.clear(), true);
    }
    if (result.isError()) {
      throw new DsVlmException(
          file
              + ": the header is not UTF-8 at offset "
              + (Long.BYTES + bytes.position())
              + "; the file is damaged, fetch it again");
    }
  }

  private static void refuseBadLayout(
      String file, Map<String, SafetensorsEntry> tensors, long dataBytes) {
    List<Map.Entry<String, SafetensorsEntry>> ordered =
        tensors.entrySet().stream()
            .sorted(
                Comparator.comparingLong(
                        (Map.Entry<String, SafetensorsEntry> entry) -> entry.getValue().begin())
                    .thenComparingLong(entry -> entry.getValue().end()))
            .toList();
    long position = 0;
    for (Map.Entry<String, SafetensorsEntry> entry : ordered) {
      SafetensorsEntry tensor = entry.getValue();
      String what = file + ": tensor '" + entry.getKey() + "' ";
      if (tensor.end() > dataBytes) {
        throw new DsVlmException(
            what
                + "ends at offset "
                + tensor.end()
                + " of the data, but only "
                + dataBytes
                + " bytes of data are there; the download broke off, fetch the file again");
      }
      if (tensor.begin() != position) {
        throw new DsVlmException(
            what
                + "begins at offset "
                + tensor.begin()
                + " of the data, "
                + (tensor.begin() > position
                    ? "leaving a hole after "
                    : "overlapping what ends at ")
                + position
                + "; the file is damaged, fetch or convert it again");
      }
      position = tensor.end();
    }
    if (position != dataBytes) {
      throw new DsVlmException(
          file
              + ": "
              + (dataBytes - position)
              + " bytes follow the last tensor, which ends at offset "
              + position
              + " of the data; the file is damaged, fetch or convert it again");
    }
  }
}
