/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Set;
import org.dsvlm.io.Excerpt;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Leads each request to what answers it. */
final class Router extends Handler.Abstract {
  private static final String MODELS = "/v1/models";
  private static final Set<String> READING = Set.of("GET", "HEAD");

  private final ServeSettings settings;
  private final Guard guard;
  private final Completions completions;
  private final Metrics metrics;
  private final PageFiles pages = new PageFiles();
  private final long started = Instant.now().getEpochSecond();

  Router(ServeSettings settings, Completions completions, Metrics metrics) {
    this.settings = settings;
    this.completions = completions;
    this.metrics = metrics;
    guard = new Guard(settings);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    if (request.getConnectionMetaData().getConnection().getEndPoint()
        instanceof ClientEndPoint endPoint) {
      endPoint.requestBegins();
      Request.addCompletionListener(request, failure -> endPoint.requestEnds());
    }
    metrics.count(request, response);
    ReplyMarks.put(request, response);
    HttpFields.Mutable headers = response.getHeaders();
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("Cross-Origin-Resource-Policy", "same-origin");
    headers.put(HttpHeader.CACHE_CONTROL, "no-store");
    @Nullable ApiError strange = guard.strange(request);
    if (strange != null) {
      Reply.error(response, callback, strange);
      return true;
    }
    @Nullable String origin = guard.otherOrigin(request);
    if (origin != null) {
      allow(origin, request, headers);
    }
    if (request.getMethod().equals("OPTIONS")) {
      response.setStatus(204);
      callback.succeeded();
      return true;
    }
    answer(Request.getPathInContext(request), request, response, callback);
    return true;
  }

  /** Lets a page of {@code origin} read the reply. */
  private static void allow(String origin, Request request, HttpFields.Mutable headers) {
    headers.put("Access-Control-Allow-Origin", origin);
    headers.put("Cross-Origin-Resource-Policy", "cross-origin");
    headers.add(HttpHeader.VARY, "Origin");
    @Nullable String wanted = request.getHeaders().get("Access-Control-Request-Headers");
    if (request.getMethod().equals("OPTIONS") && wanted != null) {
      headers.put("Access-Control-Allow-Methods", "GET, POST");
      headers.put("Access-Control-Allow-Headers", wanted);
      headers.put("Access-Control-Max-Age", "600");
    }
  }

  private void answer(String path, Request request, Response response, Callback callback) {
    if (path.startsWith("/v1/") || path.equals("/metrics")) {
      @Nullable ApiError withoutKey = guard.withoutKey(request);
      if (withoutKey != null) {
        response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
        Reply.error(response, callback, withoutKey);
        return;
      }
    }
    if (path.equals("/v1/chat/completions")) {
      if (isMethod(Set.of("POST"), request, response, callback)) {
        completions.answer(request, response, callback);
      }
    } else if (isMethod(READING, request, response, callback)) {
      read(path, request, response, callback);
    }
  }

  private static boolean isMethod(
      Set<String> methods, Request request, Response response, Callback callback) {
    boolean right = methods.contains(request.getMethod());
    if (!right) {
      String allowed = String.join(", ", methods.stream().sorted().toList());
      response.getHeaders().put(HttpHeader.ALLOW, allowed);
      Reply.error(
          response,
          callback,
          ApiError.refused(
              405, "wrong_method", "the method here is " + allowed.replace(", ", " or ")));
    }
    return right;
  }

  private void read(String path, Request request, Response response, Callback callback) {
    if (path.equals("/health")) {
      boolean closing = completions.isClosing();
      ObjectNode health = JsonNodeFactory.instance.objectNode();
      health.put("status", closing ? "closing" : "ok");
      Reply.json(response, callback, closing ? 503 : 200, health);
    } else if (path.equals("/metrics")) {
      Reply.write(response, callback, 200, Metrics.CONTENT_TYPE, metrics.text());
    } else if (path.equals(MODELS)) {
      ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
      list.putArray("data").add(model());
      Reply.json(response, callback, 200, list);
    } else if (path.equals(MODELS + "/" + settings.modelName())) {
      Reply.json(response, callback, 200, model());
    } else if (path.startsWith(MODELS + "/")) {
      String name = Excerpt.of(path.substring(MODELS.length() + 1));
      Reply.error(
          response,
          callback,
          ApiError.refused(
              404,
              "model_not_found",
              name + " is not here; this server has " + settings.modelName()));
    } else if (!pages.answer(path, request, response, callback)) {
      Reply.error(
          response,
          callback,
          ApiError.refused(404, "not_found", "there is nothing at " + Excerpt.of(path)));
    }
  }

  private ObjectNode model() {
    ObjectNode model = JsonNodeFactory.instance.objectNode();
    model
        .put("id", settings.modelName())
        .put("object", "model")
        .put("created", started)
        .put("owned_by", "dsvlm");
    model
        .putObject("limits")
        .put("request_bytes", settings.limits().bodyBytes())
        .put("picture_pixels", settings.limits().pixels())
        .put("pictures", settings.limits().pictures())
        .put("answer_tokens", settings.limits().tokens());
    return model;
  }
}
