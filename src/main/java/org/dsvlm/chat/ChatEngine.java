/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;

/** Makes the answers, on a thread of its own. */
final class ChatEngine implements AutoCloseable {
  private final LlavaChat chat;
  private final String name;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private volatile Thread own;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            own = new Thread(work, "dsvlm-chat");
            own.setDaemon(true);
            return own;
          });

  ChatEngine(LlavaChat chat, String name) {
    this.chat = chat;
    this.name = name;
  }

  CompletableFuture<ChatAnswer> submit(ChatRequest request, ChatListener listener) {
    long begun = System.nanoTime();
    CompletableFuture<ChatAnswer> answer = new CompletableFuture<>();
    waiting.incrementAndGet();
    try {
      thread.execute(
          () -> {
            waiting.decrementAndGet();
            running.incrementAndGet();
            try {
              answer.complete(answer(request, listener, begun));
            } catch (Throwable e) {
              answer.completeExceptionally(e);
            } finally {
              running.decrementAndGet();
            }
          });
    } catch (RejectedExecutionException e) {
      waiting.decrementAndGet();
      answer.completeExceptionally(new DsVlmException(name + " is closed; open it again", e));
    }
    return answer;
  }

  private ChatAnswer answer(ChatRequest request, ChatListener listener, long begun) {
    Prompt prompt = Prompt.of(request);
    Duration queued = Duration.ofNanos(System.nanoTime() - begun);
    GenerationSettings settings = request.settings().orElse(chat.settings());
    int tokens = chat.tokens(prompt.system(), prompt.pictures().size(), prompt.turns());
    String text =
        chat.answer(
            prompt.pictures(), prompt.turns(), settings, (record, piece) -> listener.onText(piece));
    Duration total = Duration.ofNanos(System.nanoTime() - begun);
    return new ChatAnswer(text, tokens, 1, FinishReason.STOP, List.of(), queued, total, total);
  }

  boolean isOwnThread() {
    return Thread.currentThread() == own;
  }

  int waiting() {
    return waiting.get();
  }

  int running() {
    return running.get();
  }

  @Override
  public void close() {
    thread.shutdown();
    if (isOwnThread()) {
      return;
    }
    boolean interrupted = false;
    while (!thread.isTerminated()) {
      try {
        thread.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    chat.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
