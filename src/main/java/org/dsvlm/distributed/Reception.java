/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/** Rank 0's admission of the other processes, which come in any order and perhaps minutes apart. */
final class Reception {
  /** Interval at which admitted processes are checked for a loss. */
  private static final int POLL_MILLIS = 200;

  private final ControlChannel channel;
  private final int size;
  private final String token;
  private final Map<Integer, String> arrived = new TreeMap<>();

  /**
   * @param channel of rank 0, which they are added to
   * @param size processes of the run
   * @param token that tells them from strangers
   */
  Reception(ControlChannel channel, int size, String token) {
    this.channel = channel;
    this.size = size;
    this.token = token;
  }

  /**
   * Waits until all are there.
   *
   * @throws DsVlmException if some do not come within {@code seconds}, or one is lost meanwhile
   */
  void await(ServerSocket server, int seconds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      server.setSoTimeout(POLL_MILLIS);
      while (arrived.size() < size - 1) {
        channel.requireAll();
        if (System.nanoTime() > end) {
          throw new DsVlmException(absent(seconds));
        }
        try {
          greet(server.accept());
        } catch (SocketTimeoutException e) {
          // nobody came: look around, and wait on
        }
      }
    } catch (IOException e) {
      throw new DsVlmException("launch: rank 0 cannot be reached: " + e.getMessage(), e);
    }
  }

  private String absent(int seconds) {
    TreeSet<Integer> absent =
        IntStream.range(1, size).boxed().collect(Collectors.toCollection(TreeSet::new));
    absent.removeAll(arrived.keySet());
    return "launch: of "
        + size
        + " processes, ranks "
        + absent
        + " have not come within "
        + seconds
        + " seconds; look at what they say";
  }

  /** Admits a process; a stranger without the token is turned away. */
  private void greet(Socket socket) throws IOException {
    Wire wire = null;
    Hello hello = null;
    try {
      wire = new Wire(socket);
      hello = Hello.parse(wire.receive().text());
    } catch (IOException e) {
      // whoever it was
    }
    if (wire == null || hello == null || !hello.token().equals(token)) {
      socket.close();
      return;
    }
    String fault = fault(hello);
    if (fault != null) {
      wire.send(Wire.Signal.LOST, fault);
      wire.close();
      throw new DsVlmException(fault);
    }
    arrived.put(hello.rank(), hello.who());
    channel.add(hello.rank(), "(" + hello.who() + ")", wire);
  }

  /** Why the run cannot be made of these processes, if it cannot. */
  private @Nullable String fault(Hello hello) {
    if (hello.size() != size) {
      return "launch: WORLD_SIZE is "
          + hello.size()
          + " in "
          + hello.who()
          + ", which has RANK "
          + hello.rank()
          + ", but "
          + size
          + " in rank 0, "
          + Hello.self()
          + "; start all processes with the same";
    }
    String same = hello.rank() == 0 ? Hello.self() : arrived.get(hello.rank());
    return same == null
        ? null
        : "launch: RANK is "
            + hello.rank()
            + " in "
            + same
            + " and in "
            + hello.who()
            + "; give each process its own";
  }
}
