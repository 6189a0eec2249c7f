/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.stream.Stream;

/** Shared by tests with mutated files: edits of a text, and a bound on what reading allocates. */
public final class FileFuzz {
  private static final String[] JSON_TOKENS = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "0",
    "-1",
    "1e9",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "null",
    "true",
    "\\u0000",
    "é",
    "\uD83D\uDE00"
  };

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final int warmUp;
  private final long allowance;
  private final long perByte;
  private long before;

  /**
   * Bounds the bytes that reading a file takes by {@code allowance}, which leaves room for a class
   * loaded late, and {@code perByte} for each of the file's; but not for the first {@code warmUp}
   * files, where classes are loaded.
   */
  public FileFuzz(int warmUp, long allowance, long perByte) {
    this.warmUp = warmUp;
    this.allowance = allowance;
    this.perByte = perByte;
  }

  /** Tokens of JSON with {@code more} that belong to one format. */
  public static String[] jsonTokens(String... more) {
    return Stream.concat(Stream.of(JSON_TOKENS), Stream.of(more)).toArray(String[]::new);
  }

  /** Puts one of {@code tokens} in or over {@code text} at {@code at}, or takes a piece away. */
  public static void edit(Random random, StringBuilder text, int at, String... tokens) {
    String token = tokens[random.nextInt(tokens.length)];
    switch (random.nextInt(4)) {
      case 0 -> text.insert(at, token);
      case 1 -> text.replace(at, at + token.length(), token);
      case 2 -> text.delete(at, at + 1 + random.nextInt(8));
      default -> text.insert(at, token.repeat(1 + random.nextInt(300)));
    }
  }

  /** To be called before a file is read. */
  public void begin() {
    before = threads.getCurrentThreadAllocatedBytes();
  }

  /** Demands that the thread has not allocated more than it may since {@link #begin}. */
  public void checkAllocated(int run, int fileBytes) {
    long taken = threads.getCurrentThreadAllocatedBytes() - before;
    if (run >= warmUp) {
      assertThat(taken).as("bytes in run %d", run).isLessThan(allowance + perByte * fileBytes);
    }
  }
}
