/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

/**
 * Values of files as messages quote them: short, whatever the file holds. A picture that stands as
 * text where a path is wanted would otherwise fill message, ledger and report. They stay on one
 * line, so that none can pass for another message.
 */
public final class Excerpt {
  /** Most characters of a value that are quoted. */
  public static final int LONGEST = 80;

  private Excerpt() {}

  /** {@code value} as text; a longer one is cut, and its length said. */
  public static String of(Object value) {
    return of(value, LONGEST);
  }

  /** As above, {@code longest} characters being quoted. */
  static String of(Object value, int longest) {
    String text = String.valueOf(value).replace("\n", "\\n").replace("\r", "\\r");
    if (text.length() <= longest) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest;
    return text.substring(0, end) + "… (" + text.length() + " characters)";
  }

  /**
   * What {@code failure} says, without the native stack that LibTorch puts below its first line.
   */
  public static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }
}
