/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.dsvlm.models.llama.Answer;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.StreamedText;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.PreparedPrompt;
import org.dsvlm.tensor.NativeErrors;
import org.dsvlm.text.Tokenizer;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way. Made on the thread that asks, and then the engine's alone but for its
 * {@link #future}.
 */
final class ChatJob {
  private final ChatRequest request;
  private final Tokenizer tokenizer;
  private final long asked;
  private final PreparedPrompt prompt;
  private final Answer answer;
  private final AnswerText text;
  private final StreamedText decoded;
  private final CompletableFuture<ChatAnswer> future = new CompletableFuture<>();
  private @Nullable FinishReason stopped;
  private long begun;
  private long firstToken;

  /**
   * Makes a request ready.
   *
   * @param asked when, as {@link System#nanoTime} counts
   * @throws org.dsvlm.io.DsVlmException if it does not suit the model
   */
  ChatJob(LlavaChat chat, ChatRequest request, ChatListener listener, long asked) {
    this.request = request;
    this.asked = asked;
    tokenizer = chat.tokenizer();
    GenerationSettings settings = request.settings().orElseGet(chat::settings);
    text = new AnswerText(request.stop(), listener);
    decoded =
        new StreamedText(tokenizer, settings.stopTokens(), (record, piece) -> text.add(piece));
    Prompt messages = Prompt.of(request);
    prompt = chat.prepare(messages.system(), messages.pictures(), messages.turns(), 0);
    try {
      answer = prompt.answer(settings, request.logprobs(), this::onToken);
    } catch (RuntimeException e) {
      prompt.close();
      throw e;
    }
  }

  CompletableFuture<ChatAnswer> future() {
    return future;
  }

  PreparedPrompt prompt() {
    return prompt;
  }

  Answer answer() {
    return answer;
  }

  private void onToken(long id) {
    if (answer.tokens() == 1) {
      firstToken = System.nanoTime();
    }
    decoded.onToken(0, id);
    if (text.stopped()) {
      answer.end();
    }
  }

  /** The answer begins. */
  void begin() {
    begun = System.nanoTime();
  }

  /** Ends the answer if it is cancelled or late; whether it is. */
  boolean endIfStopped() {
    if (request.cancellation().cancelled() || future.isDone()) {
      stopped = FinishReason.CANCELLED;
    } else if (request.deadline().filter(this::isOver).isPresent()) {
      stopped = FinishReason.DEADLINE;
    } else {
      return false;
    }
    answer.end();
    return true;
  }

  private boolean isOver(Duration time) {
    return sinceAsked(System.nanoTime()).compareTo(time) >= 0;
  }

  private Duration sinceAsked(long time) {
    return Duration.ofNanos(time - asked);
  }

  /** The answer has ended, if it ever began. */
  void finish() {
    Throwable failure = answer.failure();
    if (failure != null) {
      fail(failure);
      return;
    }
    ChatAnswer made;
    try {
      decoded.finish();
      text.finish();
      made = made(System.nanoTime());
    } catch (RuntimeException | Error e) {
      fail(e);
      return;
    }
    prompt.close();
    future.complete(made);
  }

  private ChatAnswer made(long now) {
    return new ChatAnswer(
        text.text(),
        prompt.ids().length,
        answer.tokens(),
        reason(),
        Logprobs.of(answer.likelihoods(), tokenizer),
        sinceAsked(begun == 0 ? now : begun),
        sinceAsked(answer.tokens() == 0 ? now : firstToken),
        sinceAsked(now));
  }

  private FinishReason reason() {
    if (answer.stopped() || text.stopped()) {
      return FinishReason.STOP;
    }
    return stopped == null ? FinishReason.LENGTH : stopped;
  }

  void fail(Throwable failure) {
    answer.end();
    prompt.close();
    future.completeExceptionally(
        failure instanceof RuntimeException known
            ? NativeErrors.plain(known, "the model")
            : failure);
  }
}
