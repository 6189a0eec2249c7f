/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The calls of something that several threads may use and one may close. Native memory that is
 * freed under a running call ends the process, so that closing waits: calls in flight finish, later
 * ones are refused, then what is held is freed, once.
 */
public final class Calls implements AutoCloseable {
  private final String name;
  private final Runnable free;

  /** Calls in flight by thread: one may call again from within, also while another closes. */
  private final Map<Thread, Integer> inFlight = new HashMap<>();

  private boolean closed;
  private boolean freed;

  /**
   * @param name of what is closed, for messages
   * @param free frees what it holds
   */
  public Calls(String name, Runnable free) {
    this.name = name;
    this.free = free;
  }

  /**
   * Runs {@code call} unless this is closed.
   *
   * @throws DsVlmException that says so, if it is
   */
  public <T> T run(Supplier<T> call) {
    enter();
    try {
      return call.get();
    } finally {
      leave();
    }
  }

  private synchronized void enter() {
    Thread thread = Thread.currentThread();
    if (closed && !inFlight.containsKey(thread)) {
      throw new DsVlmException(name + " is closed; open it again");
    }
    inFlight.merge(thread, 1, Integer::sum);
  }

  private void leave() {
    boolean last;
    synchronized (this) {
      inFlight.computeIfPresent(
          Thread.currentThread(), (thread, depth) -> depth == 1 ? null : depth - 1);
      last = claim();
      notifyAll();
    }
    if (last) {
      free.run();
    }
  }

  /** Whether nothing is in flight any more and it falls to the caller to free what is held. */
  private boolean claim() {
    boolean last = closed && !freed && inFlight.isEmpty();
    freed |= last;
    return last;
  }

  /**
   * Refuses further calls, waits for those in flight, and frees what is held. Called from within a
   * call, such as by a listener, it does not wait: the last call frees then. A second time it does
   * nothing more than wait.
   */
  @Override
  public void close() {
    boolean interrupted = false;
    boolean last;
    synchronized (this) {
      closed = true;
      while (!inFlight.isEmpty() && !inFlight.containsKey(Thread.currentThread())) {
        try {
          wait();
        } catch (InterruptedException e) {
          // Freeing under a running call would end the process: there is no giving up.
          interrupted = true;
        }
      }
      last = claim();
    }
    if (last) {
      free.run();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
