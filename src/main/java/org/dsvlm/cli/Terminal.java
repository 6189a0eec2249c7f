/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.IOException;
import java.nio.file.Path;

/** Tells whether standard error is a terminal, which Java itself does not. */
final class Terminal {
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  static boolean standardErrorIsTerminal() {
    try {
      String target = STANDARD_ERROR.toRealPath().toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      // No /proc, or the descriptor is a pipe: a console then means all three are terminals.
      return System.console() != null;
    }
  }
}
