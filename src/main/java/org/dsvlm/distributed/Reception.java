/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Rank 0's admission of the other processes, which come in any order and perhaps minutes apart.
 * Anyone who reaches the port may connect, so each is greeted on a thread of its own, of which
 * there are {@value #MOST_GREETED}, within {@value #GREETING_MILLIS} ms, and with a kilobyte of
 * memory.
 */
final class Reception {
  /** Interval at which admitted processes are checked for a loss. */
  private static final int POLL_MILLIS = 200;

  /** Time for a whole greeting. */
  static final int GREETING_MILLIS = 10_000;

  /** Connections that are greeted at a time; more wait in the listener's queue. */
  static final int MOST_GREETED = 64;

  /** Someone who has greeted as a process of the run. */
  private record Guest(Hello hello, Wire wire) {}

  private final BlockingQueue<Guest> guests = new LinkedBlockingQueue<>();
  private final Semaphore places = new Semaphore(MOST_GREETED);

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
        if (places.tryAcquire()) {
          try {
            Socket socket = server.accept();
            Thread greeter = new Thread(() -> greet(socket), "reception");
            greeter.setDaemon(true);
            greeter.start();
          } catch (SocketTimeoutException e) {
            places.release(); // nobody came: look around, and wait on
          }
        } else {
          TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        for (Guest guest = guests.poll(); guest != null; guest = guests.poll()) {
          admit(guest);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DsVlmException("launch: interrupted while the other processes were awaited", e);
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

  /** Hears who has connected; a stranger without the token is turned away. */
  private void greet(Socket socket) {
    try {
      Wire wire = new Wire(socket);
      Hello hello = Hello.parse(wire.receiveHello(GREETING_MILLIS));
      if (isToken(hello.token())) {
        guests.add(new Guest(hello, wire));
      } else {
        wire.close();
      }
    } catch (IOException e) {
      closeQuietly(socket); // whoever it was
    } finally {
      places.release();
    }
  }

  /** In a time that does not tell how much of it is right. */
  private boolean isToken(String said) {
    return MessageDigest.isEqual(
        said.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // it is of no use either way
    }
  }

  private void admit(Guest guest) {
    Hello hello = guest.hello();
    String fault = fault(hello);
    if (fault != null) {
      guest.wire().send(Wire.Signal.LOST, fault);
      guest.wire().close();
      throw new DsVlmException(fault);
    }
    arrived.put(hello.rank(), hello.who());
    channel.add(hello.rank(), "(" + hello.who() + ")", guest.wire());
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
