/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.Optional;

/**
 * Tells a native library that cannot be loaded from a fault of what it was to read: libraries wrap
 * the reason in exceptions of their own, and a class whose start fails hides it in a cause.
 */
public final class LibraryLoading {
  private LibraryLoading() {}

  /**
   * What to say of {@code error}, if a native library that could not be loaded is behind it.
   *
   * @return the message with advice, {@code error} being its cause
   */
  public static Optional<DsVlmException> failure(Throwable error) {
    boolean linkage = false;
    Throwable reason = error;
    while (true) {
      linkage |= reason instanceof LinkageError || reason instanceof IllegalCallerException;
      if (reason.getCause() == null) {
        break;
      }
      reason = reason.getCause();
    }
    if (!linkage) {
      return Optional.empty();
    }
    String advice =
        reason instanceof IllegalCallerException
            ? "; allow native code: --enable-native-access=ALL-UNNAMED among the JVM's options,"
                + " which tools/dsvlm takes from JAVA_OPTS"
            : "; dsvlm doctor -v shows more, and docs/settings.md's table of folders what must be"
                + " writable";
    return Optional.of(
        new DsVlmException("a library cannot be loaded: " + reason.getMessage() + advice, error));
  }
}
