/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

/** Halves of surrogate pairs that stand alone: Java's texts may hold them, Unicode's may not. */
final class Surrogates {
  private Surrogates() {}

  /** Whether each surrogate of {@code text} is half of a pair. */
  static boolean arePaired(String text) {
    return firstAlone(text, 0) == text.length();
  }

  /** {@code text} with U+FFFD for each half of a pair that stands alone. */
  static String replaceLone(String text) {
    int at = firstAlone(text, 0);
    if (at == text.length()) {
      return text;
    }
    StringBuilder replaced = new StringBuilder(text);
    for (; at < text.length(); at = firstAlone(text, at + 1)) {
      replaced.setCharAt(at, '\uFFFD');
    }
    return replaced.toString();
  }

  /** Index of the first lone half at {@code from} or behind it; the text's length if none is. */
  private static int firstAlone(String text, int from) {
    int i = from;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        i++;
      } else if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i += 2;
      } else {
        return i;
      }
    }
    return i;
  }
}
