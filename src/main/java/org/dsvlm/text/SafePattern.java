/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks for regular expressions that take for ever. The library's engine tries every way of
 * matching and, after ten million of them, ends the process. The usual reason is a repetition of
 * what can itself be matched in several ways, as in {@code (a*)*} or {@code (a|ab)*}; that is what
 * is found here. Patterns of tokenizers have no use for it.
 */
final class SafePattern {
  private static final int LONGEST = 2000;

  /** One thing that can be repeated, or that stands between such things. */
  private static final Pattern ATOM =
      Pattern.compile(
          "\\\\[pPx]\\{[^{}]*\\}" // a property or a code point
              + "|\\\\[sSdDwWhHrntfvbBAzZu]"
              + "|\\\\[^\\p{Alnum}]"
              + "|[^\\\\\\[\\](){}*+?]");

  private static final Pattern OPENING =
      Pattern.compile("\\((?!\\?)|\\(\\?[imx]*:|\\(\\?<?[=!]|\\(\\?>");

  private static final Pattern REPETITION = Pattern.compile("(?:[*+]|\\{\\d*,?\\d*\\})[?+]?");

  private final Matcher matcher;
  private final String regex;
  private int at;

  private SafePattern(String regex) {
    this.regex = regex;
    this.matcher = Pattern.compile("").matcher(regex);
  }

  /** Whether {@code regex} is short, sound, and repeats nothing that can vary by itself. */
  static boolean isSafe(String regex) {
    return regex.length() <= LONGEST && new SafePattern(regex).scan();
  }

  private boolean scan() {
    // For each open group, whether it can be matched in several ways.
    Deque<Boolean> open = new ArrayDeque<>();
    open.push(false);
    while (at < regex.length()) {
      if (take(OPENING)) {
        open.push(false);
        continue;
      }
      boolean varies = false;
      if (regex.charAt(at) == ')' && open.size() > 1) {
        varies = open.pop();
        at++;
      } else if (regex.charAt(at) == '|') {
        varies = true;
        at++;
      } else if (!characterClass() && !take(ATOM)) {
        return false;
      }
      if (take(REPETITION)) {
        if (varies) {
          return false;
        }
        varies = true;
      } else if (at < regex.length() && regex.charAt(at) == '?') {
        varies = true;
        at++;
      }
      open.push(open.pop() || varies);
    }
    return open.size() == 1;
  }

  private boolean take(Pattern pattern) {
    matcher.usePattern(pattern).region(at, regex.length());
    if (!matcher.lookingAt()) {
      return false;
    }
    at = matcher.end();
    return true;
  }

  /** Passes over {@code [...]}, which may hold others. */
  private boolean characterClass() {
    if (regex.charAt(at) != '[') {
      return false;
    }
    int depth = 0;
    int end = at;
    do {
      switch (regex.charAt(end)) {
        case '[' -> depth++;
        case ']' -> depth--;
        case '\\' -> end++;
        default -> {
          // Any other character stands for itself.
        }
      }
      end++;
    } while (depth > 0 && end < regex.length());
    at = Math.min(end, regex.length());
    return depth == 0;
  }
}
