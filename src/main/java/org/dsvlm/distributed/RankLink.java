/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.dsvlm.tensor.DsVlmException;

/**
 * Connects every process with the first one, beside the collectives. A collective that breaks off
 * says at best that some peer is gone; this link says which rank and why, and says so to all.
 *
 * <p>It also carries the few texts that only the first process needs: metrics and bad records.
 */
final class RankLink implements AutoCloseable {
  private static final int FIRST = 0;
  private static final long LINGER_SECONDS = 5;

  private final int rank;
  private final int size;
  private final Map<Integer, Wire> wires = new ConcurrentHashMap<>();
  private final Map<Integer, String> names = new ConcurrentHashMap<>();
  private final Map<Integer, BlockingQueue<String>> messages = new ConcurrentHashMap<>();
  private final Map<Integer, Thread> readers = new ConcurrentHashMap<>();
  private final CompletableFuture<String> loss = new CompletableFuture<>();
  private volatile boolean stopAsked;
  private volatile boolean closing;

  private RankLink(int rank, int size) {
    this.rank = rank;
    this.size = size;
  }

  /** The side of rank 0, which {@code size} − 1 others come to at {@code server}. */
  static RankLink first(int size, ServerSocket server, String token, int seconds) {
    RankLink link = new RankLink(FIRST, size);
    try {
      link.accept(server, token, System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds), seconds);
    } catch (RuntimeException e) {
      link.close();
      throw e;
    }
    link.startBeating();
    return link;
  }

  /** The side of any other rank; {@code token} proves that it belongs to the run. */
  static RankLink other(int rank, int size, String host, int port, String token) {
    RankLink link = new RankLink(rank, size);
    try {
      Wire wire = new Wire(new Socket(host, port));
      wire.send(Wire.Kind.HELLO, rank + " " + token + " " + self());
      link.add(FIRST, "on " + host, wire);
    } catch (IOException e) {
      throw new DsVlmException(
          link.name(rank) + " cannot reach rank 0 at " + host + ":" + port + ": " + e.getMessage(),
          e);
    }
    link.startBeating();
    return link;
  }

  private static String self() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      host = "an unnamed machine";
    }
    return "process " + ProcessHandle.current().pid() + " on " + host;
  }

  private void accept(ServerSocket server, String token, long end, int seconds) {
    try {
      while (wires.size() < size - 1) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
          throw new SocketTimeoutException();
        }
        server.setSoTimeout((int) left);
        greet(server.accept(), token);
      }
    } catch (SocketTimeoutException e) {
      TreeSet<Integer> absent = new TreeSet<>();
      for (int other = 1; other < size; other++) {
        if (!wires.containsKey(other)) {
          absent.add(other);
        }
      }
      throw new DsVlmException(
          "launch: of "
              + size
              + " processes, ranks "
              + absent
              + " have not come within "
              + seconds
              + " seconds; look at what they say",
          e);
    } catch (IOException e) {
      throw new DsVlmException("launch: rank 0 cannot be reached: " + e.getMessage(), e);
    }
  }

  /** Takes a process in; a stranger, who does not know the token, is turned away. */
  private void greet(Socket socket, String token) throws IOException {
    Wire wire = new Wire(socket);
    String[] words;
    try {
      words = wire.receive().text().split(" ", 3);
    } catch (IOException e) {
      words = new String[0];
    }
    if (words.length == 3 && words[1].equals(token) && words[0].matches("\\d{1,9}")) {
      add(Integer.parseInt(words[0]), "(" + words[2] + ")", wire);
    } else {
      wire.close();
    }
  }

  private void add(int other, String who, Wire wire) {
    wires.put(other, wire);
    names.put(other, who);
    messages.put(other, new LinkedBlockingQueue<>());
    readers.put(other, daemon(() -> read(other, wire), "rank " + other + " reader"));
  }

  private static Thread daemon(Runnable body, String name) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void startBeating() {
    daemon(
        () -> {
          while (!closing) {
            wires.values().forEach(wire -> wire.send(Wire.Kind.BEAT, ""));
            try {
              Thread.sleep(Wire.BEAT_MILLIS);
            } catch (InterruptedException e) {
              return;
            }
          }
        },
        "rank link");
  }

  private void read(int other, Wire wire) {
    try {
      while (true) {
        Wire.Received received = wire.receive();
        switch (received.kind()) {
          case MESSAGE:
            messages.get(other).add(received.text());
            break;
          case STOP:
            stopAsked = true;
            break;
          case FAILED:
            lost(name(other) + " has failed: " + received.text());
            return;
          case LOST:
            lost(received.text());
            return;
          case BYE:
            return;
          default:
            break;
        }
      }
    } catch (IOException e) {
      if (!closing) {
        lost(name(other) + " " + Wire.reason(e));
      }
    }
  }

  /** What messages call the process {@code other}. */
  private String name(int other) {
    return "rank " + other + " of " + size + " " + names.getOrDefault(other, "");
  }

  /** Notes a loss, the first one only, and spreads the word. */
  private void lost(String how) {
    if (loss.complete(how) && rank == FIRST) {
      wires.values().forEach(wire -> wire.send(Wire.Kind.LOST, how));
    }
  }

  /** Done once some process was lost, with which one and how. */
  CompletableFuture<String> loss() {
    return loss;
  }

  /** Whether another process has passed on that it was asked to stop. */
  boolean stopAsked() {
    return stopAsked;
  }

  /** The address of this machine that rank 0 sees. */
  InetAddress localAddress() {
    return wires.get(FIRST).localAddress();
  }

  /** Asks the first process to stop. */
  void askToStop() {
    wires.get(FIRST).send(Wire.Kind.STOP, "");
  }

  /** Sends {@code text} to the process {@code to}; it takes texts in the order of sending. */
  void send(int to, String text) {
    wires.get(to).send(Wire.Kind.MESSAGE, text);
  }

  /**
   * Waits {@code millis} for the next text of the process {@code from}.
   *
   * @return null if none came
   * @throws DsVlmException if some process was lost
   */
  String take(int from, long millis) {
    try {
      String text = messages.get(from).poll(millis, TimeUnit.MILLISECONDS);
      if (text == null && loss.isDone()) {
        throw new DsVlmException(loss.join());
      }
      return text;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DsVlmException("interrupted while waiting for rank " + from, e);
    }
  }

  /** Tells the others that this process fails. */
  void failed(String message) {
    if (rank == FIRST) {
      lost(name(FIRST) + "(" + self() + ") has failed: " + message);
    } else if (!loss.isDone()) {
      wires.get(FIRST).send(Wire.Kind.FAILED, message);
    }
  }

  /**
   * Parts in order. The first process waits a little for the others to part as well: closing a
   * connection that still has something to read may take back what was sent last.
   */
  @Override
  public void close() {
    wires.values().forEach(wire -> wire.send(Wire.Kind.BYE, ""));
    if (rank == FIRST) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LINGER_SECONDS);
      try {
        for (Thread reader : readers.values()) {
          reader.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    closing = true;
    wires.values().forEach(Wire::close);
  }
}
