/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.TinyLlava;
import org.jspecify.annotations.Nullable;

/** Servers on the golden LLaVA, and clients of theirs. */
final class TinyServer {
  static final Path PICTURES = Path.of("src/test/resources/pictures");
  static final HttpClient CLIENT = HttpClient.newHttpClient();
  static final String COMPLETIONS = "v1/chat/completions";

  /** Limits that a test changes before it starts a server. */
  long bodyBytes = 1 << 20;

  long pixels = 1_000_000;
  int pictures = 3;
  int tokens = 200;
  int queue = 64;
  int connections = 100;
  int headerBytes = 4096;
  Duration answerTime = Duration.ofSeconds(60);
  Duration bodyTime = Duration.ofSeconds(20);
  Duration replyTime = Duration.ofSeconds(20);
  Duration idleTime = Duration.ofSeconds(20);
  Duration grace = Duration.ofSeconds(20);
  @Nullable String key;
  Set<String> hostNames = Set.of();
  Set<String> origins = Set.of();

  static ChatModel open(Path folder) {
    TinyLlava.export(folder, TinyLlava.files());
    return ChatModel.open(folder, LlavaChatOptions.DEFAULTS);
  }

  ServeSettings settings() {
    ServeLimits limits =
        new ServeLimits(
            bodyBytes,
            pixels,
            pictures,
            tokens,
            queue,
            connections,
            headerBytes,
            answerTime,
            bodyTime,
            replyTime,
            idleTime,
            grace);
    return new ServeSettings("tiny", "127.0.0.1", 0, key, hostNames, origins, limits);
  }

  ModelServer start(ChatModel model) {
    return ModelServer.start(model, settings());
  }

  /** A model that does nothing for anyone until it is let go. */
  static final class Busy implements AutoCloseable {
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final CompletableFuture<ChatAnswer> answer;

    Busy(ChatModel model) throws InterruptedException {
      CountDownLatch begun = new CountDownLatch(1);
      answer =
          model.submit(
              ChatRequest.of(null, "What is this?"),
              piece -> {
                begun.countDown();
                await(letGo);
              });
      begun.await();
    }

    private static void await(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      letGo.countDown();
      answer.join();
    }
  }

  static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String dataUrl(String picture) throws IOException {
    byte[] bytes = Files.readAllBytes(PICTURES.resolve(picture));
    return "data:image/"
        + picture.substring(picture.lastIndexOf('.') + 1)
        + ";base64,"
        + Base64.getEncoder().encodeToString(bytes);
  }

  /** A question without pictures; {@code more} are further keys, each with a comma before it. */
  static String question(String text, String more) {
    return "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": \"%s\"}]%s}"
        .formatted(text, more);
  }

  static HttpRequest.Builder to(ModelServer server, String path) {
    return HttpRequest.newBuilder(server.address().resolve(path))
        .header("Content-Type", "application/json")
        .timeout(Duration.ofSeconds(60));
  }

  static HttpRequest posted(ModelServer server, String body) {
    return to(server, COMPLETIONS).POST(HttpRequest.BodyPublishers.ofString(body)).build();
  }

  static HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
  }

  static HttpResponse<String> post(ModelServer server, String body)
      throws IOException, InterruptedException {
    return send(posted(server, body));
  }

  static HttpResponse<String> get(ModelServer server, String path)
      throws IOException, InterruptedException {
    return send(to(server, path).GET().build());
  }

  /** The events of a stream but the last one, which has to be the mark of the end. */
  static List<JsonNode> events(String stream) {
    List<JsonNode> events = new ArrayList<>();
    List<String> lines = stream.lines().filter(line -> !line.isEmpty()).toList();
    for (String line : lines.subList(0, lines.size() - 1)) {
      events.add(json(line.substring("data: ".length())));
    }
    if (!lines.get(lines.size() - 1).equals("data: [DONE]")) {
      throw new AssertionError("the stream has no end: " + stream);
    }
    return events;
  }

  /** The value of a figure without labels, or with those that {@code name} has. */
  static double figure(ModelServer server, String name) throws IOException, InterruptedException {
    return get(server, "metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(0);
  }
}
