/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.dsvlm.chat.Cancellation;
import org.dsvlm.io.DsVlmException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls a handler in the order of what happened, off the thread that makes the answers. */
final class HandlerCalls {
  private static final Logger LOG = LoggerFactory.getLogger(HandlerCalls.class);

  private final StreamingChatResponseHandler handler;
  private final Cancellation cancellation;
  private final Executor executor;
  private final PartialResponseContext context;

  /** Ends when the latest call has ended; each call hangs on the one before. */
  private CompletableFuture<Void> latest = CompletableFuture.completedFuture(null);

  HandlerCalls(StreamingChatResponseHandler handler, Cancellation cancellation, Executor executor) {
    this.handler = handler;
    this.cancellation = cancellation;
    this.executor = executor;
    context =
        new PartialResponseContext(
            new StreamingHandle() {
              @Override
              public void cancel() {
                cancellation.cancel();
              }

              @Override
              public boolean isCancelled() {
                return cancellation.cancelled();
              }
            });
  }

  /** More of the answer. */
  void piece(String text) {
    then(() -> handler.onPartialResponse(new PartialResponse(text), context));
  }

  /** The whole answer. */
  void end(Supplier<ChatResponse> response) {
    then(() -> handler.onCompleteResponse(response.get()));
  }

  /** The error that there is no answer for. */
  void fail(Throwable error) {
    Throwable cause = error instanceof CompletionException e ? e.getCause() : error;
    Throwable told = cause instanceof DsVlmException e ? Errors.translated(e) : cause;
    then(() -> tell(told));
  }

  private synchronized void then(Runnable call) {
    latest = latest.thenRunAsync(() -> guarded(call), executor);
  }

  private void guarded(Runnable call) {
    if (cancellation.cancelled()) {
      return;
    }
    try {
      call.run();
    } catch (RuntimeException | Error e) { // the calls that hang on this one have to be made
      tell(e);
    }
  }

  private void tell(Throwable error) {
    try {
      handler.onError(error);
    } catch (RuntimeException | Error e) {
      LOG.warn("a handler's onError throws", e);
    }
  }
}
