/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * An error as OpenAI's API answers it.
 *
 * @param status of HTTP
 * @param type of OpenAI's, such as {@code invalid_request_error}
 * @param code that programs read; null for none
 * @param param key of the request at fault; null for none
 */
record ApiError(
    int status, String type, @Nullable String code, @Nullable String param, String message) {
  /** Of a client that has gone, as nginx has it. */
  static final int CLIENT_GONE = 499;

  private static final String INVALID = "invalid_request_error";

  static ApiError badRequest(@Nullable String param, String message) {
    return new ApiError(400, INVALID, null, param, message);
  }

  /** A request that is wrong by more than its content. */
  static ApiError refused(int status, String code, String message) {
    return new ApiError(status, INVALID, code, null, message);
  }

  static ApiError server(int status, String code, String message) {
    return new ApiError(status, "server_error", code, null, message);
  }

  static ApiError busy(String message) {
    return new ApiError(429, "rate_limit_error", "rate_limit_exceeded", null, message);
  }

  static ApiError closing() {
    return server(503, "closing", "the server is closing; ask it again when it is back");
  }

  static ApiError internal() {
    return server(500, "internal_error", "the server failed at this request; its log says more");
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putObject("error")
        .put("message", message)
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return json;
  }

  /** Whether the same request may be right a little later. */
  boolean passes() {
    return status == 429 || status == 503;
  }
}
