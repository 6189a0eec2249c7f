/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.Objects;

/**
 * The one exception type of this library: something the caller can read and act on.
 *
 * <p>The message names the file, key, line or record at fault and what to do about it. Native
 * errors keep their text as the cause.
 */
public final class DsVlmException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DsVlmException(String message) {
    super(message);
  }

  public DsVlmException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
