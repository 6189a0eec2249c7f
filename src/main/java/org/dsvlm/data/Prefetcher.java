/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.io.DsVlmException;

/**
 * Makes batches ahead of time on threads of its own and hands them out in order: what arrives does
 * not depend on how many threads there are or how fast each is.
 *
 * <p>Tensors in an item must be {@linkplain org.dsvlm.tensor.Torch#keep kept}, since scopes belong
 * to a thread; the consumer closes each item that it takes, and {@link #close} those never taken.
 *
 * @param <T> what is made
 */
public final class Prefetcher<T extends AutoCloseable> implements AutoCloseable {
  private static final long STOP_SECONDS = 60;

  private final LongFunction<T> maker;
  private final ExecutorService threads;
  private final Deque<Future<T>> ahead = new ArrayDeque<>();
  private final int depth;
  private final long end;
  private long nextPosition;
  private volatile boolean closed;

  /**
   * Starts at once.
   *
   * @param maker makes the item at a position; runs in a scope of its own, on several threads at
   *     once
   * @param first position of the first item
   * @param end position after the last
   * @param threads how many items are made at the same time
   * @param depth how many items may wait, finished or not, for the consumer; at least {@code
   *     threads} may
   */
  public Prefetcher(LongFunction<T> maker, long first, long end, int threads, int depth) {
    this.maker = maker;
    this.nextPosition = first;
    this.end = end;
    // With fewer under way than there are threads, some would never work.
    this.depth = Math.max(depth, threads);
    this.threads =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "dsvlm-prefetch");
              thread.setDaemon(true);
              return thread;
            });
    fill();
  }

  /** Whether {@link #next} has one more item to give. */
  public boolean hasNext() {
    return !ahead.isEmpty();
  }

  /**
   * The next item in order; waits until it is made. The caller closes it.
   *
   * @throws DsVlmException what the maker threw, on the consumer's thread; other exceptions are its
   *     cause
   */
  public T next() {
    if (closed) {
      throw new DsVlmException("the batches' threads are closed; begin them again");
    }
    if (ahead.isEmpty()) {
      throw new IllegalStateException("no items are left");
    }
    Future<T> head = ahead.remove();
    try {
      T item = head.get();
      fill();
      return item;
    } catch (InterruptedException e) {
      ahead.addFirst(head);
      Thread.currentThread().interrupt();
      throw new DsVlmException("interrupted while waiting for a batch", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DsVlmException failure) {
        throw failure;
      }
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      throw new DsVlmException("a batch could not be made: " + cause, cause);
    }
  }

  private void fill() {
    while (ahead.size() < depth && nextPosition < end) {
      long position = nextPosition++;
      Callable<T> task =
          () -> {
            if (closed) {
              return null;
            }
            try (PointerScope scope = new PointerScope()) {
              return maker.apply(position);
            }
          };
      ahead.add(threads.submit(task));
    }
  }

  /** Stops the threads and closes every item that was made but not taken. */
  @Override
  public void close() {
    // Tasks that have not begun make nothing; those under way finish, since LibTorch cannot be
    // interrupted, and what they made is closed. Cancelled, they would lose it.
    closed = true;
    threads.shutdown();
    boolean interrupted = false;
    try {
      if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    ahead.forEach(Prefetcher::discard);
    ahead.clear();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T extends AutoCloseable> void discard(Future<T> future) {
    if (!future.isDone()) {
      return;
    }
    try {
      T item = future.get();
      if (item != null) {
        item.close();
      }
    } catch (ExecutionException e) {
      // Nothing was made, and nobody asked for it.
      return;
    } catch (Exception e) {
      throw new DsVlmException("a batch could not be closed", e);
    }
  }
}
