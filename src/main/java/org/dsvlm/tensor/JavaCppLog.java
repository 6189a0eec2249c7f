/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import org.bytedeco.javacpp.Loader;
import org.dsvlm.io.LibraryLogs;

/**
 * Takes JavaCPP's lines from standard error to SLF4J, where only errors pass. JavaCPP warns on
 * every start that OpenBLAS has another version than its own; that one serves.
 */
final class JavaCppLog {
  private static final String PROPERTY = "org.bytedeco.javacpp.logger";

  private JavaCppLog() {}

  /** Does so, unless the host has chosen a logger or has loaded JavaCPP before. */
  static void toSlf4j() {
    if (System.getProperty(PROPERTY) == null) {
      // JavaCPP reads it once, when this class is initialised; the host's properties stay as they
      // are.
      System.setProperty(PROPERTY, "slf4j");
      try {
        Class.forName(Loader.class.getName());
      } catch (ClassNotFoundException e) {
        throw new LinkageError(e.getMessage(), e);
      } finally {
        System.clearProperty(PROPERTY);
      }
    }
    LibraryLogs.onlyErrors("org.bytedeco.javacpp");
  }
}
