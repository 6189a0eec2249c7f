/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.dsvlm.chat.Cancellation;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** A request for a completion from its headers to the end of its reply, which comes once. */
final class Exchange {
  private static final HttpField CLOSE = new HttpField(HttpHeader.CONNECTION, "close");

  /** Errors after which the connection is of no more use. */
  private static final Set<Integer> CLOSING = Set.of(408, 413, ApiError.CLIENT_GONE);

  private final Request request;
  private final Response response;
  private final Callback callback;
  private final MemoryBudget.Share memory;
  private final Consumer<Exchange> whenDone;
  private final Cancellation cancellation = new Cancellation();
  private final AtomicBoolean replied = new AtomicBoolean();
  private final AtomicBoolean done = new AtomicBoolean();
  private final @Nullable ClientEndPoint endPoint;

  /** When the model was done with it, as {@link System#nanoTime} counts; 0 before. */
  private volatile long answered;

  Exchange(
      Request request,
      Response response,
      Callback callback,
      MemoryBudget.Share memory,
      Consumer<Exchange> whenDone) {
    this.request = request;
    this.response = response;
    this.callback = callback;
    this.memory = memory;
    this.whenDone = whenDone;
    endPoint =
        request.getConnectionMetaData().getConnection().getEndPoint() instanceof ClientEndPoint own
            ? own
            : null;
    // While an answer is made no byte goes either way; that is no client's fault.
    request.addIdleTimeoutListener(timeout -> false);
  }

  Request request() {
    return request;
  }

  Response response() {
    return response;
  }

  MemoryBudget.Share memory() {
    return memory;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  /** The body is complete: from now on the client is looked for. */
  void bodyIsRead() {
    if (endPoint != null) {
      endPoint.watch();
    }
  }

  /** Whether the client has left; false once its reply is under way. */
  boolean isClientGone() {
    return endPoint != null && endPoint.isClientGone();
  }

  /** Whether the caller is the one to reply. */
  boolean claim() {
    return replied.compareAndSet(false, true);
  }

  /** Replies with {@code error}, unless there is a reply already. */
  void refuse(ApiError error) {
    if (claim()) {
      // Of a body that was not read to its end the rest would be taken for the next request.
      if (CLOSING.contains(error.status())) {
        response.getHeaders().put(CLOSE);
      }
      Reply.error(response, end(), error);
    }
  }

  /**
   * The client has left: its answer is cancelled. A reply that is under way is ended by whoever
   * writes it: the next write fails, or is the last one. Ended here too, it would be written by
   * two.
   */
  void leave() {
    cancellation.cancel();
    if (endPoint != null) {
      // It is not to be found gone again.
      endPoint.unwatch();
    }
    // One that has closed its own side alone, and still listens, learns so.
    refuse(
        ApiError.refused(
            ApiError.CLIENT_GONE, "client_gone", "the client has closed the connection"));
  }

  /** The model is done with it: what is left is the client's to take. */
  void isAnswered() {
    answered = System.nanoTime();
    memory.hold(0);
  }

  /** Ends the connection of a client that has not taken its reply within {@code time}. */
  void endIfNotTaken(Duration time) {
    if (answered != 0 && System.nanoTime() - answered > time.toNanos()) {
      if (endPoint == null) {
        fail(new TimeoutException("the client does not take its reply"));
      } else {
        // Which fails the write that waits for the client.
        endPoint.close();
      }
    }
  }

  /** What a reply's last write calls. */
  Callback end() {
    return Callback.from(this::succeed, this::fail);
  }

  void succeed() {
    if (finish()) {
      callback.succeeded();
    }
  }

  /** Ends the connection without a reply, or within one. */
  void fail(Throwable failure) {
    cancellation.cancel();
    if (finish()) {
      callback.failed(failure);
    }
  }

  private boolean finish() {
    boolean first = done.compareAndSet(false, true);
    if (first) {
      if (endPoint != null) {
        endPoint.unwatch();
      }
      memory.hold(0);
      whenDone.accept(this);
    }
    return first;
  }
}
