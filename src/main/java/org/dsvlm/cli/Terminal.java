/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Tells whether standard error is a terminal, which Java itself does not. */
final class Terminal {
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /** Width of the help where nothing is said, and the narrowest that picocli lays out. */
  private static final int USUAL_COLUMNS = 80;

  private static final int FEWEST_COLUMNS = 55;

  /**
   * The width to write in.
   *
   * @param variable the value of {@code COLUMNS}; null where it is not set
   */
  static int columns(@Nullable String variable) {
    try {
      int columns = variable == null ? USUAL_COLUMNS : Integer.parseInt(variable.strip());
      return Math.max(FEWEST_COLUMNS, columns);
    } catch (NumberFormatException e) {
      return USUAL_COLUMNS;
    }
  }

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
