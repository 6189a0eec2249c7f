/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.function.Supplier;
import org.dsvlm.io.DsVlmException;

/** Errors of LibTorch, whose messages end in a trace of C++ calls. */
public final class NativeErrors {
  private static final String TRACE = "Exception raised from";

  private NativeErrors() {}

  /**
   * {@code error}, or in its place a {@link DsVlmException} without the trace, which keeps it as
   * its cause.
   *
   * @param where what was under way
   */
  public static RuntimeException plain(RuntimeException error, String where) {
    String message = String.valueOf(error.getMessage());
    int trace = message.indexOf(TRACE);
    if (error instanceof DsVlmException || trace < 0) {
      return error;
    }
    String said = message.substring(0, trace).strip().replaceAll("\\s*\\R\\s*", " ");
    return new DsVlmException(where + ": LibTorch says: " + said, error);
  }

  /** What {@code body} gives; its errors are {@link #plain}. */
  public static <T> T plain(String where, Supplier<T> body) {
    try {
      return body.get();
    } catch (RuntimeException e) {
      throw plain(e, where);
    }
  }
}
