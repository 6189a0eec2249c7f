/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.Sha256;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Indexes of large files, kept from run to run. A kept index counts only if the SHA-256 of the file
 * is still the one it was made of: hashing takes a fraction of the time of parsing.
 *
 * <p>They lie in the folder that the property {@value #PROPERTY} names, else in {@code
 * dsvlm/indexes} below {@code $XDG_CACHE_HOME} or {@code ~/.cache}; each may be deleted at any
 * time. Where the folder cannot be written, files are indexed anew every time.
 */
final class RecordIndexCache {
  /** Names the folder. */
  static final String PROPERTY = "dsvlm.index.cache";

  private static final Logger LOG = LoggerFactory.getLogger(RecordIndexCache.class);

  /** Indexing a smaller file takes no noticeable time. */
  private static final long SMALLEST = 64L << 20;

  /** First bytes of a kept index: a name, and the version of what follows. */
  private static final long MAGIC = 0x4453564c4d495802L;

  private static final int HASH_BYTES = 32;
  private static final int HEADER_BYTES = Long.BYTES + Long.BYTES + HASH_BYTES + Integer.BYTES;
  private static final int RECORD_BYTES = Long.BYTES + Integer.BYTES + Integer.BYTES;

  private final Path folder;
  private final long smallest;

  /**
   * @param smallest size in bytes from which on a file's index is kept
   */
  RecordIndexCache(Path folder, long smallest) {
    this.folder = folder;
    this.smallest = smallest;
  }

  /** The one of this machine's user. */
  static RecordIndexCache standard() {
    return new RecordIndexCache(folder(System.getProperties(), System.getenv()), SMALLEST);
  }

  static Path folder(Properties properties, Map<String, String> environment) {
    String named = properties.getProperty(PROPERTY);
    if (named != null) {
      return FilePath.of(PROPERTY, named);
    }
    String caches = environment.get("XDG_CACHE_HOME");
    Path cache =
        caches == null || caches.isEmpty()
            ? FilePath.of("user.home", properties.getProperty("user.home")).resolve(".cache")
            : FilePath.of("XDG_CACHE_HOME", caches);
    return cache.resolve("dsvlm").resolve("indexes");
  }

  /**
   * The index of {@code file}, kept or made.
   *
   * @throws DsVlmException like {@link RecordIndex#of}
   */
  RecordIndex of(Path file) {
    try {
      long size = Files.size(file);
      if (size < smallest) {
        return RecordIndex.of(file);
      }
      Path kept = path(file);
      RecordIndex index = read(kept, file, size);
      if (index == null) {
        index = RecordIndex.of(file);
        write(kept, index, size);
      }
      return index;
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private Path path(Path file) throws IOException {
    byte[] path = file.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    String hash = HexFormat.of().formatHex(Sha256.digest().digest(path), 0, 8);
    return folder.resolve(file.getFileName() + "-" + hash + ".index");
  }

  /** The index at {@code kept}, or null if it is none of {@code file} as it is now. */
  private static @Nullable RecordIndex read(Path kept, Path file, long size) throws IOException {
    if (!Files.isRegularFile(kept)) {
      return null;
    }
    byte[] bytes = InputFiles.bytes(kept);
    if (bytes.length < HEADER_BYTES + HASH_BYTES || !whole(bytes)) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, bytes.length - HASH_BYTES);
    if (in.getLong() != MAGIC || in.getLong() != size) {
      return null;
    }
    byte[] sha256 = new byte[HASH_BYTES];
    in.get(sha256);
    int count = in.getInt();
    if (in.remaining() != (long) count * RECORD_BYTES || !Arrays.equals(sha256, Sha256.of(file))) {
      return null;
    }
    RecordIndex index = new RecordIndex(sha256, new long[count], new int[count], new int[count]);
    for (int i = 0; i < count; i++) {
      index.begins()[i] = in.getLong();
      index.lengths()[i] = in.getInt();
      index.words()[i] = in.getInt();
    }
    return index;
  }

  /** Whether the hash at the end is that of what stands before it. */
  private static boolean whole(byte[] bytes) {
    int end = bytes.length - HASH_BYTES;
    return Arrays.equals(hash(bytes, end), Arrays.copyOfRange(bytes, end, bytes.length));
  }

  private static byte[] hash(byte[] bytes, int length) {
    MessageDigest digest = Sha256.digest();
    digest.update(bytes, 0, length);
    return digest.digest();
  }

  private static void write(Path kept, RecordIndex index, long size) {
    int length = Math.addExact(HEADER_BYTES, Math.multiplyExact(index.size(), RECORD_BYTES));
    ByteBuffer out = ByteBuffer.allocate(length + HASH_BYTES);
    out.putLong(MAGIC).putLong(size).put(index.sha256()).putInt(index.size());
    for (int i = 0; i < index.size(); i++) {
      out.putLong(index.begins()[i]).putInt(index.lengths()[i]).putInt(index.words()[i]);
    }
    out.put(hash(out.array(), length));
    try {
      AtomicFiles.file(kept, target -> Files.write(target, out.array()));
    } catch (DsVlmException e) {
      LOG.warn("the index of the records is not kept, and made anew next time: {}", e.getMessage());
    }
  }
}
