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
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;

class LimitsTest extends OwnServers {
  private static final String SHORT = TinyServer.question("What?", ", \"max_tokens\": 3");

  private static String message(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    return TinyServer.json(response.body()).at("/error/message").asText();
  }

  private static String shown(String picture, int times) throws Exception {
    String part =
        "{\"type\": \"image_url\", \"image_url\": {\"url\": \"%s\"}}"
            .formatted(TinyServer.dataUrl(picture));
    return "{\"model\": \"tiny\", \"max_tokens\": 3, \"messages\": [{\"role\": \"user\", \"content\": [%s]}]}"
        .formatted(String.join(",", Collections.nCopies(times, part)));
  }

  @Test
  void aBodyThatIsTooLong() throws Exception {
    settings.bodyBytes = 1000;
    try (ModelServer server = settings.start(model)) {
      String body = TinyServer.question("a".repeat(1000), "");
      assertThat(message(TinyServer.post(server, body), 413)).contains("1000 bytes", "--max-body");
      // In chunks its length is not known before.
      try (RawClient client = new RawClient(server)) {
        client.send(
            RawClient.head("POST /v1/chat/completions")
                + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send("320\r\n" + " ".repeat(800) + "\r\n320\r\n" + " ".repeat(800) + "\r\n");
        assertThat(client.readAll()).startsWith("HTTP/1.1 413").contains("--max-body");
      }
      assertThat(TinyServer.post(server, SHORT).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void picturesThatAreTooLargeOrTooMany() throws Exception {
    settings.pictures = 1;
    try (ModelServer server = settings.start(model)) {
      assertThat(message(TinyServer.post(server, shown("gray.png", 2)), 400))
          .contains(
              "messages[0].content[1].image_url.url", "at most 1 a request", "--max-pictures");
      assertThat(TinyServer.post(server, shown("gray.png", 1)).statusCode()).isEqualTo(200);
    }
    settings.pixels = 100;
    try (ModelServer server = settings.start(model)) {
      for (String picture : List.of("gray.png", "gray.jpg", "lossy.webp")) {
        assertThat(message(TinyServer.post(server, shown(picture, 1)), 400))
            .contains("pixels, more than the limit of 100");
      }
    }
  }

  @Test
  void moreRequestsThanTheQueueHolds() throws Exception {
    settings.queue = 2;
    try (ModelServer server = settings.start(model)) {
      List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
      try (TinyServer.Busy busy = new TinyServer.Busy(model)) {
        for (int i = 0; i < 2; i++) {
          waiting.add(
              TinyServer.CLIENT.sendAsync(
                  TinyServer.posted(server, SHORT), HttpResponse.BodyHandlers.ofString()));
          while (TinyServer.figure(server, "dsvlm_requests_in_flight") <= i) {
            Thread.sleep(5);
          }
        }
        // In flight they are before the model has them.
        HttpResponse<String> more = TinyServer.post(server, SHORT);
        while (more.statusCode() != 429) {
          more = TinyServer.post(server, SHORT);
        }
        assertThat(message(more, 429)).contains("2 answers at a time (--queue)");
        assertThat(more.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(TinyServer.json(more.body()).at("/error/code").asText())
            .isEqualTo("rate_limit_exceeded");
        assertThat(TinyServer.get(server, "health").statusCode()).isEqualTo(200);
      }
      for (CompletableFuture<HttpResponse<String>> one : waiting) {
        assertThat(one.join().statusCode()).isEqualTo(200);
      }
      assertThat(TinyServer.post(server, SHORT).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void anAnswerThatIsTooSlow() throws Exception {
    settings.answerTime = Duration.ofMillis(50);
    try (ModelServer server = settings.start(model)) {
      CompletableFuture<HttpResponse<String>> late;
      try (TinyServer.Busy busy = new TinyServer.Busy(model)) {
        late =
            TinyServer.CLIENT.sendAsync(
                TinyServer.posted(server, SHORT), HttpResponse.BodyHandlers.ofString());
        while (TinyServer.figure(server, "dsvlm_requests_in_flight") == 0) {
          Thread.sleep(5);
        }
        Thread.sleep(60);
      }
      HttpResponse<String> response = late.join();
      assertThat(message(response, 504)).contains("--answer-time");
      assertThat(response.headers().firstValue("X-Should-Retry")).hasValue("false");
    }
  }

  @Test
  void headersThatAreTooLong() throws Exception {
    settings.headerBytes = 1024;
    try (ModelServer server = settings.start(model)) {
      try (RawClient client = new RawClient(server)) {
        client.send(RawClient.head("GET /health", "X: " + "a".repeat(2000)) + "\r\n");
        assertThat(client.readAll())
            .startsWith("HTTP/1.1 431")
            .contains("\"code\":\"headers_too_long\"");
      }
      try (RawClient client = new RawClient(server)) {
        client.send(RawClient.head("GET /" + "a".repeat(2000)) + "\r\n");
        assertThat(client.readAll()).matches("(?s)HTTP/1.1 (414|431) .*\\{\"error\":.*");
      }
    }
  }

  @Test
  void aBodyThatDoesNotCome() throws Exception {
    settings.idleTime = Duration.ofMillis(300);
    try (ModelServer server = settings.start(model);
        RawClient client = new RawClient(server)) {
      client.send(RawClient.post(SHORT).substring(0, RawClient.post(SHORT).length() - 5));
      assertThat(client.readAll())
          .startsWith("HTTP/1.1 408")
          .contains("\"code\":\"body_too_slow\"");
      assertThat(TinyServer.figure(server, "dsvlm_requests_in_flight")).isZero();
    }
  }

  @Test
  void aBodyThatComesTooSlowly() throws Exception {
    settings.bodyTime = Duration.ofMillis(400);
    try (ModelServer server = settings.start(model);
        RawClient client = new RawClient(server)) {
      String request = RawClient.post(SHORT);
      int sent = request.indexOf("\r\n\r\n") + 4;
      client.send(request.substring(0, sent));
      for (int i = 0; !client.hasReply(); i++) {
        client.send(request.substring(sent + i, sent + i + 1));
        Thread.sleep(100);
      }
      assertThat(client.readAll())
          .startsWith("HTTP/1.1 408")
          .contains("the body was not complete within");
    }
  }

  @Test
  void headersThatComeTooSlowly() throws Exception {
    settings.idleTime = Duration.ofMillis(300);
    try (ModelServer server = settings.start(model);
        RawClient client = new RawClient(server)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 60; i++) {
                  client.send(i == 0 ? "G" : "E");
                  Thread.sleep(100);
                }
              })
          .as("the connection is closed, though there is a byte every 100 ms")
          .isInstanceOf(IOException.class);
    }
  }

  /** An answer that is waited for is no idle connection. */
  @Test
  void aLongAnswerIsNotCutOff() throws Exception {
    settings.idleTime = Duration.ofMillis(200);
    try (ModelServer server = settings.start(model)) {
      for (String more : List.of("", ", \"stream\": true")) {
        CompletableFuture<HttpResponse<String>> slow;
        try (TinyServer.Busy busy = new TinyServer.Busy(model)) {
          slow =
              TinyServer.CLIENT.sendAsync(
                  TinyServer.posted(
                      server, TinyServer.question("What?", ", \"max_tokens\": 3" + more)),
                  HttpResponse.BodyHandlers.ofString());
          Thread.sleep(700);
        }
        assertThat(slow.join().statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void connectionsBeyondTheLimitWait() throws Exception {
    settings.connections = 2;
    try (ModelServer server = settings.start(model);
        RawClient third = connectThird(server)) {
      third.send(RawClient.head("GET /health") + "Connection: close\r\n\r\n");
      assertThat(third.readAll()).startsWith("HTTP/1.1 200");
    }
  }

  /** Two connections that say nothing are held while a third is made, then closed. */
  private static RawClient connectThird(ModelServer server) throws Exception {
    try (RawClient first = new RawClient(server);
        RawClient second = new RawClient(server)) {
      first.send("GET ");
      second.send("GET ");
      Thread.sleep(100);
      return new RawClient(server);
    }
  }

  @Test
  void limitsThatMakeNoSense() {
    for (Consumer<TinyServer> change :
        List.<Consumer<TinyServer>>of(
            each -> each.bodyBytes = 0,
            each -> each.pixels = 0,
            each -> each.pictures = -1,
            each -> each.tokens = 0,
            each -> each.queue = 0,
            each -> each.connections = 0,
            each -> each.headerBytes = 10,
            each -> each.answerTime = Duration.ZERO,
            each -> each.grace = Duration.ofSeconds(-1))) {
      TinyServer changed = new TinyServer();
      change.accept(changed);
      assertThatThrownBy(changed::settings)
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("it has to be at least");
    }
    settings.bodyBytes = Long.MAX_VALUE;
    assertThatThrownBy(settings::settings)
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("-Xmx");
  }

  @Test
  void memoryIsSharedByRequests() {
    MemoryBudget budget = new MemoryBudget();
    MemoryBudget.Share first = budget.share();
    MemoryBudget.Share second = budget.share();
    long most = MemoryBudget.largestBody() * MemoryBudget.OF_BODY;
    assertThat(first.hold(most)).isTrue();
    assertThat(second.hold(MemoryBudget.OF_BODY)).isFalse();
    assertThat(first.hold(most / 2)).isTrue();
    assertThat(second.hold(most / 2)).isTrue();
    assertThat(first.hold(most)).isFalse();
    assertThat(second.hold(0)).isTrue();
    assertThat(first.hold(most)).isTrue();
  }
}
