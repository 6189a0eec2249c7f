/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.PrintWriter;

/** Prints an answer while it is made, without the blank space around it. */
final class AnswerPrinter {
  private final PrintWriter out;
  private String blank = "";
  private boolean begun;

  AnswerPrinter(PrintWriter out) {
    this.out = out;
  }

  /** More of the answer; blank space at its end waits for what follows. */
  void print(String text) {
    String known = begun ? blank + text : text.stripLeading();
    String shown = known.stripTrailing();
    if (!shown.isEmpty()) {
      begun = true;
      out.print(shown);
      out.flush();
    }
    blank = begun ? known.substring(shown.length()) : "";
  }

  /** The answer is complete. */
  void end() {
    out.println();
    out.flush();
  }
}
