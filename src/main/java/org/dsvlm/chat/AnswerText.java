/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.util.List;

/**
 * The text of an answer while it is made: without white space around it, and up to the first stop
 * string. What may be the beginning of a stop string, and white space that nothing follows yet, is
 * held back.
 */
final class AnswerText {
  private final List<String> stop;
  private final ChatListener listener;
  private final StringBuilder told = new StringBuilder();

  /** Not told yet. */
  private final StringBuilder held = new StringBuilder();

  private boolean stopped;

  AnswerText(List<String> stop, ChatListener listener) {
    this.stop = stop;
    this.listener = listener;
  }

  /** More of the answer. */
  void add(String piece) {
    if (stopped) {
      return;
    }
    held.append(piece);
    int end = firstStop();
    if (end >= 0) {
      stopped = true;
      held.setLength(end);
      tell(end);
    } else {
      tell(held.length() - possibleStop());
    }
  }

  /** The answer is complete: what was held back, but for white space, is a part of it. */
  void finish() {
    if (!stopped) {
      tell(held.length());
    }
  }

  /** Whether a stop string has come. */
  boolean stopped() {
    return stopped;
  }

  /** What was told. */
  String text() {
    return told.toString();
  }

  /** Where the stop string begins that is complete first, or -1. */
  private int firstStop() {
    int begin = -1;
    int end = Integer.MAX_VALUE;
    for (String string : stop) {
      int at = held.indexOf(string);
      int after = at + string.length();
      if (at >= 0 && (after < end || (after == end && at < begin))) {
        begin = at;
        end = after;
      }
    }
    return begin;
  }

  /** How many characters at the end may be the beginning of a stop string. */
  private int possibleStop() {
    int longest = 0;
    for (String string : stop) {
      for (int length = Math.min(string.length() - 1, held.length()); length > longest; length--) {
        if (string.startsWith(held.substring(held.length() - length))) {
          longest = length;
        }
      }
    }
    return longest;
  }

  /** Tells the first {@code count} characters that are held, but for white space around all. */
  private void tell(int count) {
    int begin = 0;
    if (told.isEmpty()) {
      while (begin < count && Character.isWhitespace(held.charAt(begin))) {
        begin++;
      }
    }
    int end = count;
    while (end > begin && Character.isWhitespace(held.charAt(end - 1))) {
      end--;
    }
    String piece = held.substring(begin, end);
    held.delete(0, end > begin ? end : begin);
    if (!piece.isEmpty()) {
      told.append(piece);
      listener.onText(piece);
    }
  }
}
