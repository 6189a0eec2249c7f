/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;

/**
 * Answers that are ended from outside: by strings and tokens, handles, deadlines, interrupts,
 * listeners.
 */
class EndedAnswersTest extends OfTinyChat {
  /** Nearly fills the context. */
  private static final int LONG = 130;

  @Test
  void aStopStringEndsTheAnswerBeforeIt() {
    String whole = model.ask(chat.asked("What is this?", 20).build()).text();
    String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 3);
    List<String> pieces = new ArrayList<>();
    ChatAnswer answer =
        model.stream(
            chat.asked("What is this?", 20).stop(List.of("never", stop)).build(), pieces::add);
    assertThat(answer.text())
        .isEqualTo(whole.substring(0, whole.indexOf(stop)).strip())
        .isEqualTo(String.join("", pieces));
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(answer.answerTokens()).isLessThan(20);
  }

  @Test
  void aStopTokenEndsTheAnswer() {
    ChatRequest request = chat.asked("What is this?", 20).logprobs(0).build();
    ChatAnswer open = model.ask(request);
    // Whatever token comes first, all of them end this one.
    Set<Long> every = LongStream.range(0, 400).boxed().collect(Collectors.toSet());
    ChatAnswer answer =
        model.ask(
            ChatRequest.builder()
                .messages(request.messages())
                .settings(chat.tokens(20).withStopTokens(every))
                .logprobs(0)
                .build());
    assertThat(answer.text()).isEmpty();
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(answer.answerTokens()).isEqualTo(1);
    assertThat(answer.logprobs()).isEmpty();
    assertThat(open.logprobs()).hasSize(20);
  }

  @Test
  void aCancelledAnswerEndsWithWhatItHas() throws Exception {
    Cancellation cancellation = new Cancellation();
    List<String> pieces = Collections.synchronizedList(new ArrayList<>());
    ChatAnswer answer =
        model.stream(
            chat.asked("What is this?", LONG).cancellation(cancellation).build(),
            piece -> {
              pieces.add(piece);
              if (pieces.size() == 3) {
                cancellation.cancel();
              }
            });
    assertThat(answer.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(answer.text()).isEqualTo(String.join("", pieces)).isNotEmpty();
    assertThat(answer.answerTokens()).isLessThan(LONG);
    ChatAnswer never = model.ask(chat.asked("And?", 5).cancellation(cancellation).build());
    assertThat(never.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(never.answerTokens()).isZero();
    assertThat(never.text()).isEmpty();
    assertThat(never.queued()).isEqualTo(never.total()).isEqualTo(never.firstToken());
  }

  /** More requests than are made together, of which the first holds the rest up. */
  @Test
  void aRequestThatWaitsTooLongEndsToo() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<ChatAnswer> first =
        model.submit(
            chat.asked("What is this?", 30).build(),
            piece -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    while (model.running() == 0) {
      Thread.sleep(1);
    }
    List<CompletableFuture<ChatAnswer>> late = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      late.add(
          model.submit(
              chat.asked("Word?", 30).deadline(Duration.ofMillis(1)).build(), ChatListener.NONE));
    }
    CompletableFuture<ChatAnswer> cancelled =
        model.submit(chat.asked("Word?", 30).build(), ChatListener.NONE);
    assertThat(model.waiting()).isGreaterThanOrEqualTo(21);
    cancelled.cancel(false);
    Thread.sleep(5);
    go.countDown();
    for (CompletableFuture<ChatAnswer> one : late) {
      assertThat(one.get().finishReason()).isEqualTo(FinishReason.DEADLINE);
      assertThat(one.get().answerTokens()).isZero();
    }
    assertThat(first.get().answerTokens()).isEqualTo(30);
    assertThat(model.waiting()).isZero();
  }

  @Test
  void anInterruptStopsTheAnswer() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> interrupted = new AtomicReference<>();
    CountDownLatch some = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () -> {
              try {
                model.stream(
                    chat.asked("What is this?", LONG).build(),
                    piece -> {
                      some.countDown();
                      sleep();
                    });
              } catch (DsVlmException e) {
                thrown.set(e);
                interrupted.set(Thread.currentThread().isInterrupted());
              }
            });
    thread.start();
    assertThat(some.await(1, TimeUnit.MINUTES)).isTrue();
    thread.interrupt();
    thread.join();
    assertThat(thrown.get()).isInstanceOf(InterruptedAnswerException.class);
    assertThat(interrupted.get()).isTrue();
    while (model.running() > 0) {
      Thread.sleep(1);
    }
  }

  @Test
  void aListenerThatThrowsFailsItsAnswerAlone() throws Exception {
    String right = model.ask(chat.asked("What is this?", 20).build()).text();
    List<CompletableFuture<ChatAnswer>> others = new ArrayList<>();
    others.add(model.submit(chat.asked("What is this?", 20).build(), ChatListener.NONE));
    assertThatThrownBy(
            () ->
                model.stream(
                    chat.asked("What is this?", 20).build(),
                    piece -> {
                      throw new IllegalStateException("no more");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no more");
    assertThatThrownBy(
            () ->
                model.stream(
                    chat.asked("What is this?", 20).build(),
                    piece -> model.ask(chat.asked("And?", 2).build())))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("a listener waits for another answer");
    others.add(model.submit(chat.asked("What is this?", 20).build(), ChatListener.NONE));
    for (CompletableFuture<ChatAnswer> other : others) {
      assertThat(other.get().text()).isEqualTo(right);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
