/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.util.regex.Pattern;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;

/** Marks replies, so that a client can tell whether one belongs to its request. */
final class ReplyMarks {
  /** Whatever the request has there comes back with its reply. */
  static final String REQUEST_ID = "X-Request-Id";

  /** The client's port, and how many requests have come from it. */
  static final String CONNECTION = "X-Connection";

  /** The property with which replies name their connections, for tests. */
  static final String NAMES_CONNECTIONS = "dsvlm.serve.connections";

  private static final Pattern ID = Pattern.compile("[!-~]{1,128}");

  private ReplyMarks() {}

  static void put(Request request, Response response) {
    @Nullable String id = request.getHeaders().get(REQUEST_ID);
    if (id != null && ID.matcher(id).matches()) {
      response.getHeaders().put(REQUEST_ID, id);
    }
    if (Boolean.getBoolean(NAMES_CONNECTIONS)) {
      long requests = request.getConnectionMetaData().getConnection().getMessagesIn();
      response.getHeaders().put(CONNECTION, Request.getRemotePort(request) + "/" + requests);
    }
  }
}
