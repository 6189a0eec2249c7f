/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.dsvlm.distributed.Launch;
import org.dsvlm.distributed.Ranks;

/**
 * Ranks as threads of one process: nothing but the tensors' memory is shared, so that this tests
 * what processes do in less time.
 */
public final class Together {
  private Together() {}

  /** A port that is free now. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Runs {@code body} in {@code size} ranks; fails with what the first one that fails throws. */
  public static void run(int size, Consumer<Ranks> body) throws IOException {
    int port = freePort();
    ExecutorService threads = Executors.newFixedThreadPool(size);
    try {
      List<Future<?>> futures = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        Launch launch = new Launch(rank, size, 0, 1, "127.0.0.1", port, false);
        futures.add(threads.submit(() -> run(launch, body)));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      threads.shutdownNow();
    }
  }

  private static void run(Launch launch, Consumer<Ranks> body) {
    try (Ranks ranks = Ranks.join(launch)) {
      try {
        body.accept(ranks);
      } catch (RuntimeException | Error e) {
        ranks.failed(e);
        throw e;
      }
    }
  }
}
