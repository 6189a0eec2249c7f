/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

/** Words as LLaVA counts them: what stands between blanks of any kind. */
final class Words {
  private static final char NEXT_LINE = 0x85;

  private Words() {}

  static int in(String text) {
    return in(text.toCharArray(), 0, text.length());
  }

  /** Words in {@code length} characters from {@code offset} on. */
  static int in(char[] text, int offset, int length) {
    int words = 0;
    boolean inside = false;
    for (int i = offset; i < offset + length; i++) {
      boolean blank = blank(text[i]);
      words += inside || blank ? 0 : 1;
      inside = !blank;
    }
    return words;
  }

  private static boolean blank(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == NEXT_LINE;
  }
}
