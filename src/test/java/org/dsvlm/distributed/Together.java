/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * ProcessGroup as threads of one process: nothing but the tensors' memory is shared, so that this
 * tests what processes do in less time.
 */
public final class Together {
  private Together() {}

  /** A port that is free now. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /**
   * Runs {@code body} in {@code size} ranks; fails with what the first of those that fail throws.
   */
  public static void run(int size, Consumer<ProcessGroup> body) throws IOException {
    for (Optional<Throwable> failure : failures(size, body)) {
      if (failure.isPresent() && failure.get() instanceof Error error) {
        throw error;
      }
      if (failure.isPresent()) {
        throw (RuntimeException) failure.get();
      }
    }
  }

  /** The same; gives what each of them has thrown, if it has. */
  public static List<Optional<Throwable>> failures(int size, Consumer<ProcessGroup> body)
      throws IOException {
    int port = freePort();
    ExecutorService threads = Executors.newFixedThreadPool(size);
    try {
      List<Future<?>> futures = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        Launch launch = new Launch(rank, size, 0, 1, "127.0.0.1", port, false);
        futures.add(threads.submit(() -> run(launch, body)));
      }
      List<Optional<Throwable>> failures = new ArrayList<>();
      for (Future<?> future : futures) {
        failures.add(failure(future));
      }
      return failures;
    } finally {
      threads.shutdownNow();
    }
  }

  private static Optional<Throwable> failure(Future<?> future) {
    try {
      future.get();
      return Optional.empty();
    } catch (ExecutionException e) {
      return Optional.of(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void run(Launch launch, Consumer<ProcessGroup> body) {
    try (ProcessGroup group = ProcessGroup.join(launch)) {
      try {
        body.accept(group);
      } catch (RuntimeException | Error e) {
        group.failed(e);
        throw e;
      }
    }
  }
}
