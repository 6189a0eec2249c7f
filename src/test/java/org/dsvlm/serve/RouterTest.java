/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Set;
import org.dsvlm.chat.ChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The other endpoints, and who may use them. */
class RouterTest {
  private static final String KEY = "a key of 16 letters".replace(" ", "-");

  @TempDir private static Path folder;
  private static ChatModel model;
  private static ModelServer server;

  /** With a key, a name and a page elsewhere. */
  private static ModelServer guarded;

  @BeforeAll
  static void start() {
    model = TinyServer.open(folder.resolve("model"));
    server = new TinyServer().start(model);
    TinyServer settings = new TinyServer();
    settings.key = KEY;
    settings.hostNames = Set.of("Models.Example.org");
    settings.origins = Set.of("https://page.example.org");
    guarded = settings.start(model);
  }

  @AfterAll
  static void close() {
    server.close();
    guarded.close();
    model.close();
  }

  private static JsonNode read(String path) throws IOException, InterruptedException {
    HttpResponse<String> response = TinyServer.get(server, path);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return TinyServer.json(response.body());
  }

  private static String raw(ModelServer to, String request) throws IOException {
    try (RawClient client = new RawClient(to)) {
      return client.send(request).readAll();
    }
  }

  private static String get(String path, String... headers) {
    return RawClient.head("GET " + path, headers) + "Connection: close\r\n\r\n";
  }

  @Test
  void theModelIsListedWithItsLimits() throws Exception {
    JsonNode list = read("v1/models");
    assertThat(list.path("object").asText()).isEqualTo("list");
    assertThat(list.path("data")).hasSize(1);
    assertThat(list.at("/data/0/id").asText()).isEqualTo("tiny");
    assertThat(list.at("/data/0/object").asText()).isEqualTo("model");
    assertThat(list.at("/data/0/limits/request_bytes").asLong()).isEqualTo(1 << 20);
    assertThat(list.at("/data/0/limits/picture_pixels").asLong()).isEqualTo(1_000_000);
    assertThat(list.at("/data/0/limits/pictures").asLong()).isEqualTo(3);
    assertThat(read("v1/models/tiny")).isEqualTo(list.at("/data/0"));
    HttpResponse<String> other = TinyServer.get(server, "v1/models/gpt-4o");
    assertThat(other.statusCode()).isEqualTo(404);
    assertThat(TinyServer.json(other.body()).at("/error/code").asText())
        .isEqualTo("model_not_found");
  }

  @Test
  void healthIsSaid() throws Exception {
    assertThat(read("health").path("status").asText()).isEqualTo("ok");
  }

  @Test
  void figuresCountWhatHappens() throws Exception {
    double requests = TinyServer.figure(server, "dsvlm_http_requests_total{code=\"200\"}");
    double prompts = TinyServer.figure(server, "dsvlm_prompt_tokens_total");
    double answers = TinyServer.figure(server, "dsvlm_answer_tokens_total");
    double times = TinyServer.figure(server, "dsvlm_first_token_seconds_count");
    JsonNode answer =
        TinyServer.json(
            TinyServer.post(server, TinyServer.question("What?", ", \"max_tokens\": 7")).body());
    assertThat(TinyServer.figure(server, "dsvlm_prompt_tokens_total"))
        .isEqualTo(prompts + answer.at("/usage/prompt_tokens").asInt());
    assertThat(TinyServer.figure(server, "dsvlm_answer_tokens_total")).isEqualTo(answers + 7);
    assertThat(TinyServer.figure(server, "dsvlm_first_token_seconds_count")).isEqualTo(times + 1);
    // The answer, and the figures that were read themselves.
    assertThat(TinyServer.figure(server, "dsvlm_http_requests_total{code=\"200\"}"))
        .isGreaterThanOrEqualTo(requests + 8);
    assertThat(TinyServer.get(server, "metrics").body())
        .contains(
            "dsvlm_requests_in_flight 0",
            "dsvlm_requests_waiting 0",
            "dsvlm_batch_size 0",
            "dsvlm_connections ",
            "dsvlm_answer_seconds_bucket{le=\"0.01\"}",
            "dsvlm_clients_gone_total ");
  }

  @Test
  void thePageMayLoadNothingFromElsewhere() throws Exception {
    String page = raw(server, get("/"));
    assertThat(page)
        .startsWith("HTTP/1.1 200")
        .contains("Content-Type: text/html; charset=utf-8")
        .contains("Content-Security-Policy: default-src 'none'; script-src 'self';")
        .contains("X-Content-Type-Options: nosniff");
    String tag = page.replaceAll("(?s).*ETag: (\"\\w+\").*", "$1");
    assertThat(raw(server, get("/", "If-None-Match: " + tag)))
        .startsWith("HTTP/1.1 304")
        .endsWith("\r\n\r\n");
    assertThat(raw(server, get("/", "If-None-Match: \"0\""))).startsWith("HTTP/1.1 200");
    String head = raw(server, get("/").replace("GET", "HEAD"));
    assertThat(head).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/absent.html",
        "/page/index.html",
        "/../ModelServer.class",
        "/%2e%2e/ModelServer.class",
        "/..%2fModelServer.class",
        "/%2fetc/passwd",
        "/index.html%00.css",
        "/Index.html",
        "//index.html",
        "/v1/",
        "/v1/embeddings",
        "/health/"
      })
  void nothingElseIsFound(String path) throws Exception {
    assertThat(raw(server, get(path)))
        .matches("(?s)HTTP/1.1 40[04] .*\\{\"error\":\\{\"message\":.*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /v1/chat/completions", "POST /health", "DELETE /v1/models", "PUT /"})
  void aWrongMethodIsSaid(String line) throws Exception {
    assertThat(raw(server, RawClient.head(line) + "Connection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 405")
        .contains("Allow: ")
        .contains("\"code\":\"wrong_method\"");
  }

  @Test
  void aKeyIsNeededWhereThereIsOne() throws Exception {
    for (String path : new String[] {"v1/models", "v1/models/tiny", "metrics"}) {
      HttpRequest.Builder request = TinyServer.to(guarded, path);
      assertThat(TinyServer.send(request.build()).statusCode()).isEqualTo(401);
      for (String wrong : new String[] {KEY, "Bearer", "Bearer " + KEY + "x", "Basic " + KEY}) {
        HttpRequest.Builder with = TinyServer.to(guarded, path).header("Authorization", wrong);
        assertThat(TinyServer.send(with.build()).statusCode()).as(wrong).isEqualTo(401);
      }
      request.header("Authorization", "Bearer " + KEY);
      assertThat(TinyServer.send(request.build()).statusCode()).isEqualTo(200);
    }
    HttpResponse<String> refused =
        TinyServer.post(guarded, TinyServer.question("What?", ", \"max_tokens\": 3"));
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
    assertThat(TinyServer.json(refused.body()).at("/error/code").asText())
        .isEqualTo("invalid_api_key");
    assertThat(TinyServer.get(guarded, "health").statusCode()).isEqualTo(200);
    assertThat(TinyServer.get(guarded, "").statusCode()).isEqualTo(200);
  }

  /** A name that a stranger lets point to 127.0.0.1 is their page's origin, and so our host. */
  @Test
  void aNameThatIsNoneOfOursIsRefused() throws Exception {
    for (String host : new String[] {"evil.example", "localhost.evil.example:8000"}) {
      assertThat(raw(server, get("/health", "Host: " + host)))
          .startsWith("HTTP/1.1 421")
          .contains("unknown_host", "--allow-host");
    }
    for (String host : new String[] {"127.0.0.1:1", "localhost", "[::1]:80", "LOCALHOST:1"}) {
      assertThat(raw(server, get("/health", "Host: " + host))).as(host).startsWith("HTTP/1.1 200");
    }
    assertThat(raw(guarded, get("/health", "Host: models.example.ORG:1")))
        .startsWith("HTTP/1.1 200");
    assertThat(raw(server, get("/health", "Host: models.example.org"))).startsWith("HTTP/1.1 421");
  }

  @Test
  void aPageOfAnotherOriginIsRefused() throws Exception {
    String body = TinyServer.question("What?", ", \"max_tokens\": 3");
    for (String origin :
        new String[] {"https://evil.example", "null", "http://localhost:1", "http://127.0.0.1"}) {
      assertThat(raw(server, RawClient.post(body, "Host: localhost:2", "Origin: " + origin)))
          .as(origin)
          .startsWith("HTTP/1.1 403")
          .contains("unknown_origin")
          .doesNotContain("Access-Control");
    }
    assertThat(raw(server, RawClient.post(body, "Host: localhost:2", "Origin: http://localhost:2")))
        .startsWith("HTTP/1.1 200")
        .doesNotContain("Access-Control");
    // A form of another page could send this type without being asked first.
    assertThat(
            raw(
                server,
                RawClient.post(body).replace("application/json", "text/plain;a=application/json")))
        .startsWith("HTTP/1.1 415");
  }

  @Test
  void aPageThatIsAllowedAsksFirst() throws Exception {
    String origin = "Origin: https://page.example.org";
    String asked =
        RawClient.head(
                "OPTIONS /v1/chat/completions",
                origin,
                "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: authorization,content-type")
            + "Connection: close\r\n\r\n";
    assertThat(raw(guarded, asked))
        .startsWith("HTTP/1.1 204")
        .contains(
            "Access-Control-Allow-Origin: https://page.example.org",
            "Access-Control-Allow-Headers: authorization,content-type",
            "Access-Control-Allow-Methods: GET, POST",
            "Vary: Origin");
    assertThat(raw(server, asked)).startsWith("HTTP/1.1 403").doesNotContain("Access-Control");
    String body = TinyServer.question("What?", ", \"max_tokens\": 3");
    assertThat(raw(guarded, RawClient.post(body, origin, "Authorization: Bearer " + KEY)))
        .startsWith("HTTP/1.1 200")
        .contains("Access-Control-Allow-Origin: https://page.example.org");
    assertThat(raw(guarded, RawClient.post(body, origin))).startsWith("HTTP/1.1 401");
  }
}
