/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.Sha256;

/**
 * Tells files apart in little time, however large: a hash of their names, their sizes and what
 * stands at their beginning and end.
 */
public final class Fingerprint {
  private static final int PART_BYTES = 1 << 20;
  private static final int DIGITS = 16;

  private Fingerprint() {}

  /** That of a model's folder: of all files in it. */
  public static String ofFolder(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return of(files.filter(Files::isRegularFile).sorted().toList());
    } catch (IOException e) {
      throw new DsVlmException(folder + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  /** That of files. */
  public static String of(List<Path> files) {
    MessageDigest digest = Sha256.digest();
    for (Path file : files) {
      try (RandomAccessFile open = new RandomAccessFile(InputFiles.regular(file).toFile(), "r")) {
        String head = file.getFileName() + " " + open.length() + "\n";
        digest.update(head.getBytes(StandardCharsets.UTF_8));
        add(digest, open, 0);
        add(digest, open, Math.max(0, open.length() - PART_BYTES));
      } catch (IOException e) {
        throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
      }
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  private static void add(MessageDigest digest, RandomAccessFile file, long from)
      throws IOException {
    byte[] bytes = new byte[(int) Math.min(PART_BYTES, file.length() - from)];
    file.seek(from);
    file.readFully(bytes);
    digest.update(bytes);
  }
}
