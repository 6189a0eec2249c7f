/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.dsvlm.io.DsVlmException;

/** Closes things and looks at what they say then. */
public final class Closed {
  private Closed() {}

  /** Closes {@code subject} twice; then each of {@code calls} has to say that it is closed. */
  public static void saysSo(AutoCloseable subject, ThrowingCallable... calls) {
    try {
      subject.close();
      subject.close();
    } catch (Exception e) {
      throw new AssertionError("closing it twice", e);
    }
    for (int i = 0; i < calls.length; i++) {
      assertThatThrownBy(calls[i])
          .as("call %d on a closed %s", i, subject.getClass().getSimpleName())
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("closed");
    }
  }
}
