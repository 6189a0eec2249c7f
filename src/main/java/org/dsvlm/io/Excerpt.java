/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

/**
 * Values of files as messages quote them: short, whatever the file holds. A picture that stands as
 * text where a path is wanted would otherwise fill message, ledger and report.
 */
public final class Excerpt {
  /** Most characters of a value that are quoted. */
  public static final int LONGEST = 80;

  private Excerpt() {}

  /** {@code value} as text; a longer one is cut, and its length said. */
  public static String of(Object value) {
    String text = String.valueOf(value);
    if (text.length() <= LONGEST) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    return text.substring(0, end) + "… (" + text.length() + " characters)";
  }
}
