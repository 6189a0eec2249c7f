/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Connects every process with the first one, beside the collectives. A failed collective says at
 * best that some peer is gone. This channel names the rank and the reason, to all processes.
 *
 * <p>It also carries the few messages that only the first process needs: metrics and bad records.
 */
final class ControlChannel implements AutoCloseable {
  private static final int FIRST = 0;
  private static final long LINGER_SECONDS = 5;

  private final int rank;
  private final int size;
  private final Map<Integer, Wire> wires = new ConcurrentHashMap<>();
  private final Map<Integer, String> names = new ConcurrentHashMap<>();
  private final Map<Integer, BlockingQueue<Wire.Received>> texts = new ConcurrentHashMap<>();
  private final Map<Integer, Thread> readers = new ConcurrentHashMap<>();
  private final AtomicBoolean noted = new AtomicBoolean();
  private final CompletableFuture<String> loss = new CompletableFuture<>();
  private volatile boolean stopAsked;
  private volatile boolean closing;

  private ControlChannel(int rank, int size) {
    this.rank = rank;
    this.size = size;
    names.put(rank, "(" + Hello.self() + ")");
  }

  /**
   * Rank 0's side of the channel, to which {@code size} − 1 others connect at {@code server}.
   *
   * @throws DsVlmException if they do not all come within {@code seconds}; those that came are told
   */
  static ControlChannel first(int size, ServerSocket server, String token, int seconds) {
    ControlChannel channel = new ControlChannel(FIRST, size);
    // Those that came early need keep-alive messages while they wait for the last ones.
    channel.startBeating();
    try {
      new Reception(channel, size, token).await(server, seconds);
      return channel;
    } catch (RuntimeException e) {
      channel.failed(String.valueOf(e.getMessage()));
      channel.close();
      throw e;
    }
  }

  /**
   * Any other rank's side of the channel, which connects to rank 0; {@code token} proves that the
   * process belongs to the run.
   */
  static ControlChannel other(int rank, int size, InetSocketAddress first, String token) {
    ControlChannel channel = new ControlChannel(rank, size);
    Socket socket = new Socket();
    try {
      socket.connect(first, Wire.SILENCE);
      Wire wire = new Wire(socket);
      wire.send(Wire.Signal.HELLO, Hello.own(rank, size, token).text());
      channel.add(FIRST, "on " + first.getHostString(), wire);
    } catch (IOException e) {
      closeQuietly(socket);
      throw new DsVlmException(
          channel.name(rank) + " cannot reach rank 0 at " + first + ": " + e.getMessage(), e);
    }
    channel.startBeating();
    return channel;
  }

  /** Adds the connection to {@code other}, which is named {@code who} in messages. */
  void add(int other, String who, Wire wire) {
    names.put(other, who);
    texts.put(other, new LinkedBlockingQueue<>());
    wires.put(other, wire);
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
            wires.values().forEach(wire -> wire.send(Wire.Signal.BEAT, ""));
            try {
              Thread.sleep(Wire.BEAT_MILLIS);
            } catch (InterruptedException e) {
              return;
            }
          }
        },
        "control channel");
  }

  private void read(int other, Wire wire) {
    try {
      while (true) {
        Wire.Received received = wire.receive();
        switch (received.kind()) {
          case MESSAGE:
            Objects.requireNonNull(texts.get(other)).add(received);
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
            Objects.requireNonNull(texts.get(other)).add(received);
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

  /** The name of process {@code other} in messages. */
  private String name(int other) {
    return "rank " + other + " of " + size + " " + names.get(other);
  }

  /**
   * Records the first loss and tells the others. They hear of it before {@link #loss} reports it
   * here, because this process may then leave.
   */
  private void lost(String how) {
    if (noted.getAndSet(true)) {
      return;
    }
    if (rank == FIRST) {
      wires.values().forEach(wire -> wire.send(Wire.Signal.LOST, how));
    }
    loss.complete(how);
  }

  /**
   * The lost process and the reason, if there is one. All reachable processes have been told by
   * then.
   */
  Optional<String> loss() {
    return noted.get() ? Optional.of(loss.join()) : Optional.empty();
  }

  /** Completes with the first loss; dependent actions may run on a thread of the channel. */
  CompletionStage<String> whenLost() {
    return loss;
  }

  /** The same, if it is known within {@code seconds}. */
  Optional<String> awaitLoss(int seconds) {
    try {
      return Optional.of(loss.get(seconds, TimeUnit.SECONDS));
    } catch (TimeoutException | ExecutionException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /**
   * Does nothing as long as all processes are there.
   *
   * @throws DsVlmException that names the one that was lost
   */
  void requireAll() {
    loss()
        .ifPresent(
            how -> {
              throw new DsVlmException(how);
            });
  }

  /** Whether another process has passed on that it was asked to stop. */
  boolean stopAsked() {
    return stopAsked;
  }

  private Wire wire(int other) {
    return Objects.requireNonNull(wires.get(other));
  }

  /** The address of this machine that rank 0 sees. */
  InetAddress localAddress() {
    return wire(FIRST).localAddress();
  }

  /** Asks the first process to stop. */
  void askToStop() {
    wire(FIRST).send(Wire.Signal.STOP, "");
  }

  /** Sends {@code text} to the process {@code to}; it takes texts in the order of sending. */
  void send(int to, String text) {
    wire(to).send(Wire.Signal.MESSAGE, text);
  }

  /**
   * Waits {@code millis} for the next text of the process {@code from}.
   *
   * @return nothing if none came
   * @throws DsVlmException if some process was lost, or {@code from} has closed its channel
   */
  @Nullable String take(int from, long millis) {
    Wire.Received received;
    try {
      received = Objects.requireNonNull(texts.get(from)).poll(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DsVlmException("interrupted while waiting for rank " + from, e);
    }
    if (received != null && received.kind() == Wire.Signal.MESSAGE) {
      return received.text();
    }
    requireAll();
    if (received != null) {
      throw new DsVlmException(name(from) + " has ended, though " + name(rank) + " waits for it");
    }
    return null;
  }

  /** Tells the others that this process fails. */
  void failed(String message) {
    if (rank == FIRST) {
      lost(name(FIRST) + " has failed: " + message);
    } else if (loss().isEmpty()) {
      wire(FIRST).send(Wire.Signal.FAILED, message);
    }
  }

  /**
   * Closes the channel in order. The first process waits briefly for the others to do the same:
   * closing a connection with unread data may discard the last message sent.
   */
  @Override
  public void close() {
    wires.values().forEach(wire -> wire.send(Wire.Signal.BYE, ""));
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

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // it is of no use either way
    }
  }
}
