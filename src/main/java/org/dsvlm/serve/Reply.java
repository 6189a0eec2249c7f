/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.dsvlm.io.StrictJson;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Writes whole replies. */
final class Reply {
  /** Seconds after which a client may ask again. */
  private static final int RETRY_AFTER = 1;

  private Reply() {}

  /** The text of {@code json}. Half a surrogate pair becomes a question mark. */
  static byte[] bytes(JsonNode json) {
    try {
      return StrictJson.json().writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void json(Response response, Callback callback, int status, JsonNode json) {
    write(response, callback, status, "application/json", bytes(json));
  }

  static void error(Response response, Callback callback, ApiError error) {
    if (error.passes()) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, RETRY_AFTER);
    }
    if (error.status() == 504) {
      // OpenAI's clients would ask again, and wait as long again.
      response.getHeaders().put("X-Should-Retry", "false");
    }
    json(response, callback, error.status(), error.json());
  }

  static void write(
      Response response, Callback callback, int status, String contentType, byte[] body) {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, ByteBuffer.wrap(body), callback);
  }
}
