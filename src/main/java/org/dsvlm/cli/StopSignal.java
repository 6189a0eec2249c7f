/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

/**
 * Turns SIGTERM and Ctrl-C into a request to stop, for the thread that opens it and as long as it
 * is open.
 *
 * <p>On such a signal the JVM runs its shutdown hooks and ends when they are done. The hook of this
 * class waits for the thread to end its work in order; {@link #exit} then ends the process with the
 * work's own exit code, which no hook can choose otherwise.
 */
final class StopSignal implements AutoCloseable {
  /** Of a command that stopped in order: sysexits.h's "temporary failure, try again later". */
  static final int EXIT_CODE = 75;

  private static volatile boolean shuttingDown;

  private final Thread worker = Thread.currentThread();
  private final Thread hook = new Thread(this::stop, "stop signal");
  private volatile boolean requested;

  StopSignal() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stop() {
    shuttingDown = true;
    requested = true;
    try {
      worker.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether a signal has come. */
  boolean requested() {
    return requested;
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is shutting down: the hook stays, and exit is to end the process.
      shuttingDown = true;
    }
  }

  /** Ends the process with {@code code}, also where a hook is waiting for this very thread. */
  static void exit(int code) {
    if (shuttingDown) {
      Runtime.getRuntime().halt(code);
    }
    System.exit(code);
  }
}
