/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

/**
 * Stops an answer from outside. One may serve several requests, which it stops together. Any thread
 * may use it at any time; it holds nothing that would have to be closed.
 */
public final class Cancellation {
  private volatile boolean cancelled;

  /**
   * Stops the answers that it was given to: those that are waiting and those that are being made. A
   * running one ends before its next token, with what it has so far.
   */
  public void cancel() {
    cancelled = true;
  }

  /** Whether {@link #cancel} was called. */
  public boolean cancelled() {
    return cancelled;
  }
}
