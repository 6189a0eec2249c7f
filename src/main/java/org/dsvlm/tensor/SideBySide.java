/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Independent computations on the CPU, one a thread. An operator that works for less than some 100
 * microseconds loses more by waking LibTorch's other threads than they save, so several small
 * models' passes go faster next to each other than one after the other with all threads each.
 *
 * <p>A large product is cut into as many pieces as LibTorch has threads, and rounds by the pieces.
 * So a task's own size decides, and not how many there are, whether it has one thread or all.
 */
public final class SideBySide {
  /** By the number of LibTorch's threads; a process has one number, or few. */
  private static final Map<Integer, ExecutorService> WORKERS = new HashMap<>();

  private SideBySide() {}

  /** Multiplications of a task up to which it has one thread. */
  private static final long SMALL = 1L << 33;

  /**
   * The results of {@code task} for 0 to {@code count - 1}, without gradients. Small ones go side
   * by side, the others one after the other with all threads each.
   *
   * @param multiplications of each task, about
   * @return the results in order, in the caller's scope
   */
  public static List<Tensor> map(
      int count, IntToLongFunction multiplications, IntFunction<Tensor> task) {
    int threads = torch.get_num_threads();
    boolean[] together = new boolean[count];
    List<CompletableFuture<Tensor>> running = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      together[i] = threads > 1 && multiplications.applyAsLong(i) <= SMALL;
      if (together[i]) {
        running.add(CompletableFuture.supplyAsync(() -> kept(task, index), workers(threads)));
      }
    }
    Iterator<Tensor> small = taken(running).iterator();
    // A worker may have set the number that new threads take.
    torch.set_num_threads(threads);
    List<Tensor> results = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      results.add(together[i] ? small.next() : Torch.withoutGradient(() -> task.apply(index)));
    }
    return results;
  }

  private static Tensor kept(IntFunction<Tensor> task, int index) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      if (torch.get_num_threads() != 1) {
        torch.set_num_threads(1);
      }
      return Torch.keep(task.apply(index));
    }
  }

  /** Waits for all, since they read what is the caller's; then the first failure is thrown. */
  private static List<Tensor> taken(List<CompletableFuture<Tensor>> running) {
    PointerScope outer = PointerScope.getInnerScope();
    List<Tensor> results = new ArrayList<>();
    CompletionException failure = null;
    for (CompletableFuture<Tensor> one : running) {
      try {
        results.add(one.join());
      } catch (CompletionException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      results.forEach(Tensor::close);
      if (failure.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure.getCause();
    }
    if (outer != null) {
      for (Tensor result : results) {
        outer.attach(result);
        result.releaseReference();
      }
    }
    return results;
  }

  private static synchronized ExecutorService workers(int threads) {
    return WORKERS.computeIfAbsent(threads, SideBySide::start);
  }

  /** As many threads as LibTorch computes with, on each of which it computes with one. */
  private static ExecutorService start(int threads) {
    CountDownLatch ready = new CountDownLatch(threads);
    AtomicInteger number = new AtomicInteger();
    ThreadPoolExecutor workers =
        new ThreadPoolExecutor(
            threads,
            threads,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            body -> worker(body, ready, number.incrementAndGet()));
    workers.prestartAllCoreThreads();
    boolean interrupted = false;
    while (ready.getCount() > 0) {
      try {
        ready.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    // Other threads keep their number, and new ones find the process's as it was.
    torch.set_num_threads(threads);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return workers;
  }

  private static Thread worker(Runnable body, CountDownLatch ready, int number) {
    Thread thread =
        new Thread(
            () -> {
              // A thread's first call takes the process's number, so this one has to come first.
              torch.get_num_threads();
              torch.set_num_threads(1);
              ready.countDown();
              body.run();
            },
            "dsvlm-side-by-side-" + number);
    thread.setDaemon(true);
    return thread;
  }
}
