/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;

/**
 * Files that are read. Each has to be a regular one: a pipe would be waited for without end, and a
 * device such as {@code /dev/zero} would be read without end. A file that is not there is left to
 * the reader, which names it.
 */
public final class InputFiles {
  /** Byte order mark, which some editors put before a text. */
  private static final String MARK = "\uFEFF";

  private InputFiles() {}

  /**
   * Demands that {@code file} is a regular one, if it is there.
   *
   * @throws DsVlmException if it is a folder, a pipe, a socket or a device
   */
  public static Path regular(Path file) {
    if (Files.isDirectory(file)) {
      throw new DsVlmException(file + ": is a folder; a file is wanted");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new DsVlmException(
          file + ": is a pipe, socket or device; write its content to a file and name that");
    }
    return file;
  }

  /** All bytes of {@code file}. */
  public static byte[] bytes(Path file) throws IOException {
    return Files.readAllBytes(regular(file));
  }

  /**
   * The text of {@code file}, which is UTF-8.
   *
   * @throws DsVlmException if it is not
   */
  public static String text(Path file) throws IOException {
    return text(bytes(file), file.toString());
  }

  /**
   * The text that {@code bytes} are in UTF-8, without a byte order mark.
   *
   * @param where the file that they are from
   * @throws DsVlmException if they are no UTF-8, with the first line that is not
   */
  public static String text(byte[] bytes, String where) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    // A new decoder reports what it cannot read, where others put another character in its place.
    if (StandardCharsets.UTF_8.newDecoder().decode(in, out, true).isError()) {
      long line = 1;
      for (int at = 0; at < in.position(); at++) {
        line += bytes[at] == '\n' ? 1 : 0;
      }
      throw new DsVlmException(
          where + ": is not UTF-8 in line " + line + "; convert it, such as by iconv -t UTF-8");
    }
    String text = out.flip().toString();
    return text.startsWith(MARK) ? text.substring(MARK.length()) : text;
  }

  /** The lines of {@code file}, as {@link #text(Path)} reads it. */
  public static List<String> lines(Path file) throws IOException {
    return text(file).lines().toList();
  }

  /** A stream of {@code file}. */
  public static InputStream stream(Path file) throws IOException {
    return Files.newInputStream(regular(file));
  }

  /** A channel of {@code file}, for reading where no options say more. */
  public static FileChannel channel(Path file, OpenOption... options) throws IOException {
    return FileChannel.open(regular(file), options);
  }
}
