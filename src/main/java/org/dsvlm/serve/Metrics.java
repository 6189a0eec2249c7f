/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.IntSupplier;
import org.dsvlm.chat.ChatAnswer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/** Figures about a server, for Prometheus. */
final class Metrics {
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final String COUNTED = Metrics.class.getName();

  private static final Duration[] SECONDS = {
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofSeconds(60),
    Duration.ofSeconds(120)
  };

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Counter promptTokens = counter("dsvlm.prompt.tokens", "Tokens of prompts.");
  private final Counter answerTokens = counter("dsvlm.answer.tokens", "Tokens of answers.");
  private final Counter gone =
      counter("dsvlm.clients.gone", "Clients that left before their answer was complete.");
  private final Timer firstToken =
      timer("dsvlm.first.token", "From a whole request to the first token of its answer.");
  private final Timer answer = timer("dsvlm.answer", "From a whole request to its whole answer.");

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  private Timer timer(String name, String description) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(SECONDS)
        .register(registry);
  }

  /** A figure that is asked for whenever it is read. */
  void gauge(String name, String description, IntSupplier figure) {
    Gauge.builder(name, figure, IntSupplier::getAsInt)
        .description(description)
        .strongReference(true)
        .register(registry);
  }

  /** Counts {@code request} by its status when it ends; once, however often it is called. */
  void count(Request request, Response response) {
    if (request.getAttribute(COUNTED) == null) {
      request.setAttribute(COUNTED, true);
      Request.addCompletionListener(
          request,
          failure -> {
            boolean left = failure != null && !response.isCompletedSuccessfully();
            count(left ? ApiError.CLIENT_GONE : response.getStatus());
          });
    }
  }

  private void count(int status) {
    Counter.builder("dsvlm.http.requests")
        .description("Requests by the status of their reply; 499 for clients that left.")
        .tag("code", Integer.toString(status))
        .register(registry)
        .increment();
  }

  void countGone() {
    gone.increment();
  }

  /** Counts a complete answer. */
  void count(ChatAnswer made) {
    promptTokens.increment(made.promptTokens());
    answerTokens.increment(made.answerTokens());
    firstToken.record(made.firstToken());
    answer.record(made.total());
  }

  byte[] text() {
    return registry.scrape(CONTENT_TYPE).getBytes(StandardCharsets.UTF_8);
  }
}
