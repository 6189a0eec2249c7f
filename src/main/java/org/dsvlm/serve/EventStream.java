/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.IteratingCallback;

/**
 * Server-sent events. Whoever sends one does not wait for the client to take it; what a slow client
 * has not taken is kept, and is never more than the answer.
 */
final class EventStream {
  private final Response response;
  private final Executor executor;
  private final Runnable ended;
  private final Consumer<Throwable> failed;
  private final Writer writer = new Writer();
  private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
  private boolean last;

  /**
   * @param executor writes the events
   * @param ended is told when all are written
   * @param failed is told when the client takes no more
   */
  EventStream(Response response, Executor executor, Runnable ended, Consumer<Throwable> failed) {
    this.response = response;
    this.executor = executor;
    this.ended = ended;
    this.failed = failed;
    response.setStatus(200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8");
    // Or proxies such as nginx would keep the pieces back.
    response.getHeaders().put("X-Accel-Buffering", "no");
  }

  void send(JsonNode event) {
    send(Reply.bytes(event), false);
  }

  /** Sends the mark of the end, and ends the reply. */
  void end() {
    send("[DONE]".getBytes(StandardCharsets.UTF_8), true);
  }

  /** Sends an error, and ends the reply. */
  void end(ApiError error) {
    send(Reply.bytes(error.json()), true);
  }

  private void send(byte[] data, boolean isLast) {
    synchronized (waiting) {
      waiting.writeBytes("data: ".getBytes(StandardCharsets.UTF_8));
      waiting.writeBytes(data);
      waiting.writeBytes("\n\n".getBytes(StandardCharsets.UTF_8));
      last = isLast;
    }
    executor.execute(writer::iterate);
  }

  private final class Writer extends IteratingCallback {
    private boolean lastWritten;

    @Override
    protected Action process() {
      if (lastWritten) {
        return Action.SUCCEEDED;
      }
      byte[] bytes;
      synchronized (waiting) {
        if (waiting.size() == 0) {
          return Action.IDLE;
        }
        bytes = waiting.toByteArray();
        waiting.reset();
        lastWritten = last;
      }
      response.write(lastWritten, ByteBuffer.wrap(bytes), this);
      return Action.SCHEDULED;
    }

    @Override
    protected void onCompleteSuccess() {
      ended.run();
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
      failed.accept(cause);
    }
  }
}
