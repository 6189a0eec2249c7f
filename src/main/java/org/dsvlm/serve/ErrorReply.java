/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.util.function.BooleanSupplier;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Answers requests that are no sound HTTP, or whose handling failed, as all other errors. */
final class ErrorReply implements Request.Handler {
  private final Metrics metrics;
  private final BooleanSupplier closing;

  /**
   * @param closing whether the server lets go of what it has not answered
   */
  ErrorReply(Metrics metrics, BooleanSupplier closing) {
    this.metrics = metrics;
    this.closing = closing;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    metrics.count(request, response);
    ReplyMarks.put(request, response);
    int status =
        request.getAttribute(ErrorHandler.ERROR_STATUS) instanceof Integer known ? known : 500;
    Reply.error(response, callback, error(status));
    return true;
  }

  private ApiError error(int status) {
    return switch (status) {
      case 408 -> ApiError.refused(408, "too_slow", "the request was not complete in time");
      case 414 -> ApiError.refused(414, "address_too_long", "the address is too long");
      case 431 ->
          ApiError.refused(
              431, "headers_too_long", "the headers are longer than this server takes");
      case 505 -> ApiError.refused(505, "http_version", "the server speaks HTTP/1.1");
      default ->
          status < 500
              ? ApiError.refused(status, "bad_http", "the request is no sound HTTP")
              // Jetty fails what it drops when it stops; nothing is wrong with that.
              : closing.getAsBoolean() ? ApiError.closing() : ApiError.internal();
    };
  }
}
