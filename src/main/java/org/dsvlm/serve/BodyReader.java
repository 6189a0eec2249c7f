/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's body as it comes, without a thread that waits for it. A client that sends
 * nothing for the idle time, or is not done within the body's time, is refused; the latter is found
 * with its next byte.
 */
final class BodyReader implements Runnable {
  private static final int LEAST_ROOM = 4096;

  private final Request request;
  private final ServeLimits limits;
  private final MemoryBudget.Share memory;
  private final Consumer<byte[]> done;
  private final Consumer<ApiError> refused;
  private final long begin = System.nanoTime();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream(LEAST_ROOM);

  /**
   * @param memory that the body counts towards
   * @param done takes the whole body
   * @param refused takes what is wrong with it instead
   */
  BodyReader(
      Request request,
      ServeLimits limits,
      MemoryBudget.Share memory,
      Consumer<byte[]> done,
      Consumer<ApiError> refused) {
    this.request = request;
    this.limits = limits;
    this.memory = memory;
    this.done = done;
    this.refused = refused;
  }

  @Override
  public void run() {
    if (request.getLength() > limits.bodyBytes()) {
      refused.accept(tooLong(limits));
      return;
    }
    while (true) {
      Content.@Nullable Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        refused.accept(failure(chunk.getFailure()));
        return;
      }
      @Nullable ApiError error = take(chunk);
      if (error != null) {
        refused.accept(error);
        return;
      }
      if (chunk.isLast()) {
        done.accept(body.toByteArray());
        return;
      }
    }
  }

  private @Nullable ApiError take(Content.Chunk chunk) {
    try {
      ByteBuffer bytes = chunk.getByteBuffer();
      long length = (long) body.size() + bytes.remaining();
      if (length > limits.bodyBytes()) {
        return tooLong(limits);
      }
      if (System.nanoTime() - begin > limits.bodyTime().toNanos()) {
        return tooSlow("the body was not complete within " + limits.bodyTime().toSeconds() + " s");
      }
      if (!memory.hold(MemoryBudget.OF_BODY * length)) {
        return ApiError.busy("the server holds as many requests as its memory has room for");
      }
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      body.writeBytes(copy);
      return null;
    } finally {
      chunk.release();
    }
  }

  private ApiError failure(Throwable failure) {
    if (failure instanceof TimeoutException) {
      return tooSlow("no byte of the body came for " + limits.idleTime().toSeconds() + " s");
    }
    return ApiError.badRequest(null, "the body ended before it was complete, or is no sound HTTP");
  }

  private static ApiError tooSlow(String what) {
    return ApiError.refused(408, "body_too_slow", what);
  }

  private static ApiError tooLong(ServeLimits limits) {
    return ApiError.refused(
        413,
        "body_too_long",
        "the body has more than "
            + limits.bodyBytes()
            + " bytes, the most that this server takes (--max-body); send smaller pictures");
  }
}
