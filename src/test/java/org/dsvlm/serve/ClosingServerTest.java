/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that close, clients that leave. */
class ClosingServerTest extends OwnServers {
  private static final String SHORT = TinyServer.question("What?", ", \"max_tokens\": 3");
  private static final String LONG = TinyServer.question("What?", ", \"max_tokens\": 150");

  /** How often a figure is looked at before it is called wrong. */
  private static final int LOOKS = 4000;

  private static CompletableFuture<HttpResponse<String>> ask(ModelServer server, String body) {
    return TinyServer.CLIENT.sendAsync(
        TinyServer.posted(server, body), HttpResponse.BodyHandlers.ofString());
  }

  private static void awaitFigure(ModelServer server, String name, double value)
      throws IOException, InterruptedException {
    double found = TinyServer.figure(server, name);
    for (int look = 0; look < LOOKS && found != value; look++) {
      Thread.sleep(5);
      found = TinyServer.figure(server, name);
    }
    assertThat(found).as(name).isEqualTo(value);
  }

  @Closes(ModelServer.class)
  @Test
  void whatRunsIsFinishedAndTheRestRefused() throws Exception {
    ModelServer server = settings.start(model);
    CompletableFuture<HttpResponse<String>> running;
    CompletableFuture<Void> closed;
    try (TinyServer.Busy busy = new TinyServer.Busy(model)) {
      running = ask(server, SHORT);
      awaitFigure(server, "dsvlm_requests_waiting", 1);
      closed = CompletableFuture.runAsync(server::close);
      HttpResponse<String> health = TinyServer.get(server, "health");
      while (health.statusCode() == 200) {
        health = TinyServer.get(server, "health");
      }
      assertThat(health.statusCode()).isEqualTo(503);
      assertThat(TinyServer.json(health.body()).path("status").asText()).isEqualTo("closing");
      HttpResponse<String> late = TinyServer.post(server, SHORT);
      assertThat(late.statusCode()).isEqualTo(503);
      assertThat(late.headers().firstValue("Retry-After")).isPresent();
      assertThat(TinyServer.json(late.body()).at("/error/code").asText()).isEqualTo("closing");
      assertThat(closed).isNotDone();
    }
    assertThat(running.join().statusCode()).isEqualTo(200);
    closed.join();
    assertThatThrownBy(() -> TinyServer.get(server, "health")).isInstanceOf(IOException.class);
  }

  @Test
  void whatIsNotFinishedWithinItsGraceIsEnded() throws Exception {
    settings.grace = Duration.ofMillis(100);
    ModelServer server = settings.start(model);
    CompletableFuture<HttpResponse<String>> running;
    CompletableFuture<Void> closed;
    try (TinyServer.Busy busy = new TinyServer.Busy(model)) {
      running = ask(server, LONG);
      awaitFigure(server, "dsvlm_requests_waiting", 1);
      closed = CompletableFuture.runAsync(server::close);
      Thread.sleep(300);
    }
    closed.join();
    HttpResponse<String> ended = running.join();
    assertThat(ended.statusCode()).isEqualTo(503);
    assertThat(TinyServer.json(ended.body()).at("/error/code").asText()).isEqualTo("closing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ", \"stream\": true"})
  void aClientThatLeavesHasItsAnswerCancelled(String stream) throws Exception {
    try (ModelServer server = settings.start(model)) {
      try (TinyServer.Busy busy = new TinyServer.Busy(model)) {
        try (RawClient client = new RawClient(server)) {
          client.send(
              RawClient.post(TinyServer.question("What?", ", \"max_tokens\": 150" + stream)));
          awaitFigure(server, "dsvlm_requests_waiting", 1);
        }
        awaitFigure(server, "dsvlm_clients_gone_total", 1);
        awaitFigure(server, "dsvlm_requests_in_flight", 0);
      }
      assertThat(TinyServer.post(server, SHORT).statusCode()).isEqualTo(200);
      awaitFigure(server, "dsvlm_http_requests_total{code=\"499\"}", 1);
      awaitFigure(server, "dsvlm_batch_size", 0);
      // Of the long answer no tokens were made but those of a first step, at most.
      assertThat(TinyServer.figure(server, "dsvlm_answer_tokens_total")).isLessThan(10);
    }
  }

  @Test
  void aClientThatLeavesWithinAStream() throws Exception {
    try (ModelServer server = settings.start(model)) {
      try (RawClient client = new RawClient(server)) {
        client.send(RawClient.post(LONG.replace("}]", "}], \"stream\": true")));
        assertThat(client.readUntil("\n\n")).startsWith("HTTP/1.1 200");
      }
      awaitFigure(server, "dsvlm_requests_in_flight", 0);
      awaitFigure(server, "dsvlm_batch_size", 0);
      assertThat(TinyServer.post(server, SHORT).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void requestsOfOneConnectionFollowOneAnother() throws Exception {
    try (ModelServer server = settings.start(model);
        RawClient client = new RawClient(server)) {
      String kept = RawClient.post(SHORT).replace("Connection: close\r\n", "");
      // The second comes while the first is being answered, byte by byte.
      try (TinyServer.Busy busy = new TinyServer.Busy(model)) {
        client.send(kept);
        awaitFigure(server, "dsvlm_requests_waiting", 1);
        client.send(kept.substring(0, 1));
        Thread.sleep(500);
        client.send(kept.substring(1));
        client.send(RawClient.post(SHORT));
        Thread.sleep(300);
      }
      String replies = client.readAll();
      assertThat(replies.split("HTTP/1.1 200", -1)).as(replies).hasSize(4);
    }
  }

  @Test
  void manyRoundsOfClosingUnderLoad() throws Exception {
    settings.grace = Duration.ofMillis(20);
    for (int round = 0; round < 20; round++) {
      ModelServer server = settings.start(model);
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        answers.add(ask(server, i % 2 == 0 ? LONG : SHORT));
      }
      Thread.sleep(round * 3L);
      server.close();
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        // What came too late for the port finds no server, or its connection closed.
        HttpResponse<String> response = answer.exceptionally(failure -> null).join();
        if (response != null) {
          assertThat(response.statusCode()).as(response.body()).isIn(200, 503);
        }
      }
    }
    assertThat(model.running() + model.waiting()).isZero();
  }

  @Test
  void aPortThatIsTaken() {
    try (ModelServer server = settings.start(model)) {
      ServeSettings same = settings.settings();
      ServeSettings taken =
          new ServeSettings(
              "tiny",
              same.host(),
              server.address().getPort(),
              null,
              Set.of(),
              Set.of(),
              same.limits());
      assertThatThrownBy(() -> ModelServer.start(model, taken))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("port " + server.address().getPort() + " of 127.0.0.1")
          .hasMessageContaining("--port");
    }
  }
}
