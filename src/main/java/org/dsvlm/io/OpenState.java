/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

/**
 * Whether something that one thread at a time uses is still open. What native code would read after
 * it was freed, or a stream that is closed, is so refused by name. See {@link Calls} for what
 * several threads use.
 */
public final class OpenState {
  private final String name;
  private volatile boolean closed;

  /**
   * An open state.
   *
   * @param name of what can be closed, for messages
   */
  public OpenState(String name) {
    this.name = name;
  }

  /**
   * Demands that it is open.
   *
   * @throws DsVlmException that says so, if it is closed
   */
  public void require() {
    if (closed) {
      throw new DsVlmException(name + " is closed; open it again");
    }
  }

  /** Whether it is closed. */
  public boolean isClosed() {
    return closed;
  }

  /** Closes it; true the first time, when it falls to the caller to free what is held. */
  public synchronized boolean close() {
    boolean first = !closed;
    closed = true;
    return first;
  }
}
