/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The exception of this library, of which all its others are: something the caller can read and act
 * on.
 *
 * <p>The message names the file, key, line or record at fault and what to do about it. Native
 * errors keep their text as the cause.
 */
public class DsVlmException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DsVlmException(String message) {
    super(message);
  }

  public DsVlmException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * What is wrong at {@code place}, such as a file, of which whoever found it did not know.
   *
   * @param known places below or beside it
   * @return this one if its message begins with one of them, else one that begins with {@code
   *     place}
   */
  public DsVlmException at(String place, String... known) {
    boolean said =
        Stream.concat(Stream.of(place), Arrays.stream(known)).anyMatch(getMessage()::startsWith);
    return said ? this : new DsVlmException(place + ": " + getMessage(), this);
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
