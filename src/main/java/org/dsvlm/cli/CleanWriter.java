/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.util.Locale;

/**
 * The one way to standard output and error. Names of tensors, answers of models and messages about
 * files hold what strangers wrote: control characters, which would steer a terminal, are shown as
 * {@code \x1b}, and what turns the direction of writing likewise. Lines are cut at {@value
 * #LONGEST_LINE} characters where {@code cutting}.
 */
final class CleanWriter extends FilterWriter {
  /** Longest line of a message. */
  static final int LONGEST_LINE = 4000;

  private final boolean cutting;
  private int column;

  private CleanWriter(Writer out, boolean cutting) {
    super(out);
    this.cutting = cutting;
  }

  /** For results, which are whole whatever their length. */
  static PrintWriter results(Writer out) {
    return new PrintWriter(new CleanWriter(out, false), true);
  }

  /** {@code text} as {@link #messages} would write it. */
  static String clean(String text) {
    StringWriter out = new StringWriter();
    PrintWriter writer = messages(out);
    writer.print(text);
    writer.flush();
    return out.toString();
  }

  /** For messages. */
  static PrintWriter messages(Writer out) {
    return new PrintWriter(new CleanWriter(out, true), true);
  }

  @Override
  public void write(int letter) throws IOException {
    if (letter == '\n') {
      column = 0;
      out.write(letter);
      return;
    }
    column++;
    if (cutting && column >= LONGEST_LINE) {
      if (column == LONGEST_LINE) {
        out.write('…');
      }
    } else if (steers(letter)) {
      out.write(
          letter <= 0xff
              ? String.format(Locale.ROOT, "\\x%02x", letter)
              : String.format(Locale.ROOT, "\\u%04x", letter));
    } else {
      out.write(letter);
    }
  }

  /** C0 but for tabs, DEL, C1, and the marks that embed, override or isolate a direction. */
  private static boolean steers(int letter) {
    return (letter < ' ' && letter != '\t')
        || (letter >= 0x7f && letter <= 0x9f)
        || (letter >= 0x202a && letter <= 0x202e)
        || (letter >= 0x2066 && letter <= 0x2069);
  }

  @Override
  public void write(char[] letters, int from, int count) throws IOException {
    for (int i = from; i < from + count; i++) {
      write(letters[i]);
    }
  }

  @Override
  public void write(String text, int from, int count) throws IOException {
    for (int i = from; i < from + count; i++) {
      write(text.charAt(i));
    }
  }
}
