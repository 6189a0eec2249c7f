/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.util.concurrent.Executor;
import org.dsvlm.chat.ChatAnswer;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is sent while it is made. The reply begins with the first piece, so that an error
 * before it has a status of its own.
 */
final class StreamedReply {
  private final Exchange exchange;
  private final CompletionRequest request;
  private final CompletionJson json;
  private final Executor executor;
  private @Nullable EventStream events;

  StreamedReply(
      Exchange exchange, CompletionRequest request, CompletionJson json, Executor executor) {
    this.exchange = exchange;
    this.request = request;
    this.json = json;
    this.executor = executor;
  }

  /** More of the answer. */
  synchronized void piece(String text) {
    @Nullable EventStream stream = text.isEmpty() ? null : begun();
    if (stream != null) {
      stream.send(json.piece(text, request.includeUsage()));
    }
  }

  /**
   * The answer has ended.
   *
   * @param answer null where there is none
   * @param error null where the answer is right
   */
  synchronized void end(@Nullable ChatAnswer answer, @Nullable ApiError error) {
    if (error != null && events == null) {
      exchange.refuse(error);
      return;
    }
    @Nullable EventStream stream = begun();
    if (stream == null) {
      return;
    }
    if (error != null || answer == null) {
      stream.end(error == null ? ApiError.internal() : error);
      return;
    }
    stream.send(json.closing(answer, request.logprobs(), request.includeUsage()));
    if (request.includeUsage()) {
      stream.send(json.usage(answer));
    }
    stream.end();
  }

  /** The stream of events; null if the client has left meanwhile. */
  private @Nullable EventStream begun() {
    if (events == null && exchange.claim()) {
      events = new EventStream(exchange.response(), executor, exchange::succeed, exchange::fail);
      events.send(json.opening(request.includeUsage()));
    }
    return events;
  }
}
