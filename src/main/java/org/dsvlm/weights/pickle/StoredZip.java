/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.io.DsVlmException;

/**
 * The places of a ZIP file's entries, so that stored entries, which are not compressed, can be
 * mapped: {@code torch.save} writes such files. Nothing is unpacked. Checksums are not verified, as
 * that would read every byte.
 */
final class StoredZip {
  private static final int LOCAL_HEADER = 0x04034b50;
  private static final int DIRECTORY_ENTRY = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int ZIP64_END = 0x06064b50;
  private static final int ZIP64_LOCATOR = 0x07064b50;

  private static final int LOCAL_HEADER_BYTES = 30;
  private static final int DIRECTORY_ENTRY_BYTES = 46;
  private static final int END_BYTES = 22;
  private static final int ZIP64_END_BYTES = 56;
  private static final int ZIP64_LOCATOR_BYTES = 20;
  private static final int LONGEST_COMMENT = 0xffff;

  /** Far above the some thousand entries that a shard has. */
  private static final long LARGEST_DIRECTORY = 1 << 26;

  /** In a field of four bytes: the number stands in the ZIP64 part. */
  private static final long ELSEWHERE = 0xffff_ffffL;

  private static final int ZIP64_EXTRA = 1;

  /** Bit of an entry's flags. */
  private static final int ENCRYPTED = 1;

  /**
   * An entry's bytes.
   *
   * @param begin first byte in the file
   * @param size how many there are once unpacked
   * @param compressed whether the file holds them packed, so that they cannot be mapped
   */
  record Entry(long begin, long size, boolean compressed) {}

  private final String where;
  private final FileChannel channel;
  private final long size;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private StoredZip(String where, FileChannel channel) throws IOException {
    this.where = where;
    this.channel = channel;
    this.size = channel.size();
  }

  /**
   * Reads the directory at the end of the file.
   *
   * @return entries by name, in the directory's order
   * @throws DsVlmException if it is damaged, or an entry is encrypted, lies outside the file or is
   *     named like a file elsewhere
   */
  static Map<String, Entry> read(String where, FileChannel channel) throws IOException {
    StoredZip zip = new StoredZip(where, channel);
    zip.readDirectory();
    return zip.entries;
  }

  private void readDirectory() throws IOException {
    long end = findEnd();
    ByteBuffer fields = bytes(end, END_BYTES);
    long directorySize = fields.getInt(12) & ELSEWHERE;
    long directory = fields.getInt(16) & ELSEWHERE;
    long locator = end - ZIP64_LOCATOR_BYTES;
    if (locator >= 0) {
      ByteBuffer zip64 = bytes(locator, ZIP64_LOCATOR_BYTES);
      if (zip64.getInt(0) == ZIP64_LOCATOR) {
        ByteBuffer wide = bytes(zip64.getLong(8), ZIP64_END_BYTES);
        require(wide.getInt(0) == ZIP64_END, "its ZIP64 directory is not where it should be");
        directorySize = wide.getLong(40);
        directory = wide.getLong(48);
      }
    }
    require(
        directory >= 0 && directorySize >= 0 && directory <= end - directorySize,
        "its directory lies outside the file");
    require(directorySize <= LARGEST_DIRECTORY, "its directory has " + directorySize + " bytes");
    ByteBuffer all = bytes(directory, (int) directorySize);
    while (all.hasRemaining()) {
      readEntry(all, directory);
    }
  }

  private long findEnd() throws IOException {
    int tail = (int) Math.min(size, END_BYTES + LONGEST_COMMENT);
    ByteBuffer bytes = bytes(size - tail, tail);
    for (int at = tail - END_BYTES; at >= 0; at--) {
      if (bytes.getInt(at) == END && at + END_BYTES + (bytes.getShort(at + 20) & 0xffff) == tail) {
        return size - tail + at;
      }
    }
    throw error("it has no directory at its end; it is cut short");
  }

  private void readEntry(ByteBuffer all, long directory) throws IOException {
    int at = all.position();
    require(
        all.remaining() >= DIRECTORY_ENTRY_BYTES && all.getInt(at) == DIRECTORY_ENTRY,
        "its directory is damaged");
    int nameBytes = all.getShort(at + 28) & 0xffff;
    int extraBytes = all.getShort(at + 30) & 0xffff;
    int commentBytes = all.getShort(at + 32) & 0xffff;
    require(
        all.remaining() >= DIRECTORY_ENTRY_BYTES + nameBytes + extraBytes + commentBytes,
        "its directory is damaged");
    byte[] name = new byte[nameBytes];
    all.position(at + DIRECTORY_ENTRY_BYTES).get(name);
    ByteBuffer extra = all.slice(all.position(), extraBytes).order(ByteOrder.LITTLE_ENDIAN);
    all.position(all.position() + extraBytes + commentBytes);
    ByteBuffer wide = zip64(extra);
    long stored = wide(all.getInt(at + 24), wide);
    long packed = wide(all.getInt(at + 20), wide);
    long local = wide(all.getInt(at + 42), wide);
    String entry = "its entry '" + new String(name, StandardCharsets.UTF_8) + "' ";
    boolean plain = all.getShort(at + 10) == 0;
    long begin = begin(local, directory);
    require((all.getShort(at + 8) & ENCRYPTED) == 0, entry + "is encrypted");
    require(!plain || stored == packed, entry + "has two sizes");
    require(
        stored >= 0 && packed >= 0 && begin <= directory - packed,
        entry + "reaches beyond the file's content");
    add(entry, new String(name, StandardCharsets.UTF_8), new Entry(begin, stored, !plain));
  }

  private void add(String entry, String name, Entry content) {
    require(
        !name.startsWith("/") && !name.contains("\\") && !("/" + name + "/").contains("/../"),
        entry + "is named like a file elsewhere, as torch.save never does");
    require(entries.put(name, content) == null, entry + "is there twice");
  }

  /** The numbers that an entry's ZIP64 part holds; none if it has no such part. */
  private ByteBuffer zip64(ByteBuffer extra) {
    while (extra.remaining() >= 2 * Short.BYTES) {
      int kind = extra.getShort() & 0xffff;
      int length = extra.getShort() & 0xffff;
      require(length <= extra.remaining(), "its directory is damaged");
      if (kind == ZIP64_EXTRA) {
        return extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      }
      extra.position(extra.position() + length);
    }
    return ByteBuffer.allocate(0);
  }

  private long wide(int field, ByteBuffer zip64) {
    long value = field & ELSEWHERE;
    if (value != ELSEWHERE) {
      return value;
    }
    require(zip64.remaining() >= Long.BYTES, "its directory is damaged");
    return zip64.getLong();
  }

  /** First byte of the content behind the header at {@code local}. */
  private long begin(long local, long directory) throws IOException {
    require(
        local >= 0 && local <= directory - LOCAL_HEADER_BYTES, "an entry lies outside the file");
    ByteBuffer header = bytes(local, LOCAL_HEADER_BYTES);
    require(header.getInt(0) == LOCAL_HEADER, "an entry is not where its directory says");
    return local
        + LOCAL_HEADER_BYTES
        + (header.getShort(26) & 0xffff)
        + (header.getShort(28) & 0xffff);
  }

  private ByteBuffer bytes(long begin, int count) throws IOException {
    require(begin >= 0 && begin <= size - count, "its directory lies outside the file");
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, begin + bytes.position()) < 0) {
        throw error("it is cut short");
      }
    }
    return bytes.flip();
  }

  private void require(boolean sound, String problem) {
    if (!sound) {
      throw error(problem);
    }
  }

  private DsVlmException error(String problem) {
    return new DsVlmException(where + ": is no sound ZIP file: " + problem + "; fetch it again");
  }
}
