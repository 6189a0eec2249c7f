/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import org.jspecify.annotations.Nullable;

/** Arguments of the API, looked at before native code sees them. */
public final class Arguments {
  private Arguments() {}

  /**
   * {@code value}, which must not be null.
   *
   * @param name of the argument, for the message
   * @throws DsVlmException if it is
   */
  public static <T> T given(@Nullable T value, String name) {
    if (value == null) {
      throw new DsVlmException("the argument '" + name + "' is null");
    }
    return value;
  }
}
