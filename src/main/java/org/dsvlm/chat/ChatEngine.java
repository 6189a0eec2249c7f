/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.AnswerGroup;
import org.dsvlm.models.llava.LlavaChat;

/**
 * Makes the answers, on one thread of its own: all that are under way a token at a time, and
 * between two tokens it looks for requests that have come, are cancelled or late.
 */
final class ChatEngine {
  private final LlavaChat chat;
  private final String name;
  private final Thread thread;

  /** The engine's thread alone uses them. */
  private final List<ChatJob> running = new ArrayList<>();

  private volatile int runningCount;
  private final Deque<ChatJob> waiting = new ArrayDeque<>();
  private boolean closed;

  /**
   * Begins to answer.
   *
   * @param chat which is the engine's to close
   * @param name of the model, for messages
   */
  ChatEngine(LlavaChat chat, String name) {
    this.chat = chat;
    this.name = name;
    thread = new Thread(this::run, "dsvlm-chat");
    thread.setDaemon(true);
    thread.start();
  }

  CompletableFuture<ChatAnswer> submit(ChatRequest request, ChatListener listener) {
    ChatJob job;
    try {
      job = new ChatJob(chat, request, listener, System.nanoTime());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
    synchronized (this) {
      if (!closed) {
        waiting.add(job);
        notifyAll();
        return job.future();
      }
    }
    job.fail(new DsVlmException(name + " is closed; open it again"));
    return job.future();
  }

  boolean isOwnThread() {
    return Thread.currentThread() == thread;
  }

  synchronized int waiting() {
    return waiting.size();
  }

  int running() {
    return runningCount;
  }

  private void run() {
    try (AnswerGroup group = chat.group()) {
      while (hasWork()) {
        endStopped();
        List<ChatJob> newcomers = newcomers(group);
        if (!newcomers.isEmpty()) {
          join(group, newcomers);
        }
        step(group);
        takeOutEnded();
      }
    } catch (RuntimeException | Error e) {
      end(e);
    } finally {
      chat.close();
    }
  }

  /** The engine itself has failed: no one is to wait for an answer that nobody makes. */
  private synchronized void end(Throwable failure) {
    closed = true;
    running.forEach(job -> job.fail(failure));
    waiting.forEach(job -> job.fail(failure));
    waiting.clear();
  }

  /** Waits for something to do; false if nothing will come any more. */
  private synchronized boolean hasWork() {
    while (running.isEmpty() && waiting.isEmpty() && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        // A listener's doing: whoever wants to stop an answer has a handle for that.
        continue;
      }
    }
    return !running.isEmpty() || !waiting.isEmpty();
  }

  /** Ends answers that are cancelled or late, those that wait included. */
  private void endStopped() {
    running.forEach(ChatJob::endIfStopped);
    List<ChatJob> ended;
    synchronized (this) {
      ended = waiting.stream().filter(ChatJob::endIfStopped).toList();
      waiting.removeAll(ended);
    }
    ended.forEach(ChatJob::finish);
  }

  /**
   * As many as there is room for. While others are made, no more than are read side by side: those
   * wait for them.
   */
  private List<ChatJob> newcomers(AnswerGroup group) {
    int room = group.room();
    int most = group.isEmpty() ? room : Math.min(room, torch.get_num_threads());
    List<ChatJob> newcomers = new ArrayList<>();
    synchronized (this) {
      while (newcomers.size() < most && !waiting.isEmpty()) {
        newcomers.add(waiting.remove());
      }
      runningCount = running.size() + newcomers.size();
    }
    return newcomers;
  }

  private void join(AnswerGroup group, List<ChatJob> newcomers) {
    newcomers.forEach(ChatJob::begin);
    try {
      chat.join(
          group,
          newcomers.stream().map(ChatJob::prompt).toList(),
          newcomers.stream().map(ChatJob::answer).toList());
      running.addAll(newcomers);
    } catch (RuntimeException | Error e) {
      if (newcomers.size() == 1) {
        newcomers.get(0).fail(e);
      } else {
        // One of them is at fault, or all are too much at a time.
        newcomers.forEach(job -> join(group, List.of(job)));
      }
    }
  }

  /** Makes a token of each answer; what goes wrong fails them all, and the engine goes on. */
  private void step(AnswerGroup group) {
    try {
      group.step();
    } catch (RuntimeException | Error e) {
      group.clear();
      running.forEach(job -> job.fail(e));
      running.clear();
    }
  }

  private void takeOutEnded() {
    List<ChatJob> ended = running.stream().filter(job -> job.answer().ended()).toList();
    running.removeAll(ended);
    runningCount = running.size();
    ended.forEach(ChatJob::finish);
  }

  /** Refuses what is asked from now on, and waits for the rest, unless a listener calls it. */
  void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    if (isOwnThread()) {
      return;
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        // Freeing under a running answer would end the process: there is no giving up.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
