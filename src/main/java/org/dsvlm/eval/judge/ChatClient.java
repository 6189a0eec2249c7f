/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * Asks an OpenAI-compatible service for one reply, as often as need be. It waits longer after each
 * failure, by chance shorter than it might, so that many waiting requests do not come back at once;
 * where the service says when to come back, all requests wait until then. It follows no
 * redirection, which would hand the key to another host.
 */
final class ChatClient {
  private static final ObjectMapper MAPPER = StrictJson.json();
  private static final int MAX_TOKENS = 1024;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int SERVER_ERROR = 500;
  private static final int LONGEST_EXCERPT = 200;

  /** A reply, or why there is none. */
  record Outcome(@Nullable String reply, @Nullable String failure) {}

  /** The result of one try: a reply, or the failure and how long to wait. */
  private record Try(@Nullable String reply, @Nullable String failure, Duration pause) {
    static Try failed(String failure) {
      return new Try(null, failure, Duration.ZERO);
    }
  }

  private final JudgeSettings settings;
  private final HttpClient client;

  /** No request is sent before this time; the service may move it. */
  private Instant notBefore = Instant.MIN;

  ChatClient(JudgeSettings settings) {
    this.settings = settings;
    client =
        HttpClient.newBuilder()
            .connectTimeout(settings.timeout())
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /**
   * Asks until there is a reply or the tries are used up.
   *
   * @throws DsVlmException if the service refuses the request for good: a wrong key, model or path
   */
  Outcome reply(String system, String text, double temperature) {
    byte[] body = body(system, text, temperature);
    String failure = "";
    for (int i = 0; i < settings.tries(); i++) {
      awaitTurn();
      Try one = send(body);
      if (one.reply() != null) {
        return new Outcome(one.reply(), null);
      }
      failure = one.failure();
      if (one.pause().compareTo(settings.longestWait()) > 0) {
        return new Outcome(
            null, failure + ", and is to be asked again only in " + one.pause().toSeconds() + " s");
      }
      if (one.pause().isZero()) {
        sleep(backOff(i));
      } else {
        holdAll(one.pause());
      }
    }
    return new Outcome(null, failure + " after " + settings.tries() + " tries");
  }

  private byte[] body(String system, String text, double temperature) {
    ObjectNode body = MAPPER.createObjectNode();
    body.put("model", settings.model()).put("temperature", temperature);
    body.put("max_tokens", MAX_TOKENS);
    body.putArray("messages")
        .add(MAPPER.createObjectNode().put("role", "system").put("content", system))
        .add(MAPPER.createObjectNode().put("role", "user").put("content", text));
    return body.toString().getBytes(StandardCharsets.UTF_8);
  }

  private Try send(byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(settings.endpoint())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (settings.key() != null) {
      request.header("Authorization", "Bearer " + settings.key());
    }
    // HttpRequest's own time-out ends with the headers; a body may come in drops for ever.
    CompletableFuture<HttpResponse<byte[]>> response =
        client.sendAsync(request.build(), head -> new BoundedBody());
    try {
      return read(response.get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      response.cancel(true);
      return Try.failed("the judge took longer than " + settings.timeout().toSeconds() + " s");
    } catch (ExecutionException e) {
      return Try.failed(
          "the connection to the judge failed: " + clean(String.valueOf(e.getCause())));
    } catch (InterruptedException e) {
      response.cancel(true);
      throw interrupted(e);
    }
  }

  private Try read(HttpResponse<byte[]> response) {
    int status = response.statusCode();
    String text = new String(response.body(), StandardCharsets.UTF_8);
    if (status == 200) {
      return content(text);
    }
    String failure = "the judge answered HTTP " + status + " (" + excerpt(text) + ")";
    if (status == TOO_MANY_REQUESTS || status == REQUEST_TIMEOUT || status >= SERVER_ERROR) {
      Duration wait =
          response
              .headers()
              .firstValue("Retry-After")
              .flatMap(value -> RetryAfter.parse(value, Instant.now()))
              .orElse(Duration.ZERO);
      return new Try(null, failure, wait);
    }
    throw new DsVlmException(
        settings + ": " + failure + "; check the judge's address, model and key");
  }

  private Try content(String text) {
    try {
      JsonNode choices = MAPPER.readTree(text).path("choices");
      if (choices.size() != 1) {
        return Try.failed("the judge sent " + choices.size() + " replies in place of one");
      }
      JsonNode content = choices.get(0).path("message").path("content");
      return content.isTextual()
          ? new Try(content.textValue(), null, Duration.ZERO)
          : Try.failed("the judge's reply holds no text");
    } catch (JsonProcessingException e) {
      return Try.failed("the judge's reply is no JSON (" + excerpt(text) + ")");
    }
  }

  private String excerpt(String text) {
    String clean = clean(text);
    return clean.length() <= LONGEST_EXCERPT ? clean : clean.substring(0, LONGEST_EXCERPT) + "…";
  }

  /** On one line, and without the key, which some services repeat. */
  private String clean(String text) {
    String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
    return settings.key() == null ? line : line.replace(settings.key(), "(key)");
  }

  private Duration backOff(int failures) {
    long longest =
        Math.min(
            settings.longestWait().toMillis(),
            settings.firstWait().toMillis() << Math.min(failures, 20));
    return Duration.ofMillis(longest / 2 + ThreadLocalRandom.current().nextLong(longest / 2 + 1));
  }

  private synchronized void holdAll(Duration pause) {
    Instant until = Instant.now().plus(pause);
    notBefore = until.isAfter(notBefore) ? until : notBefore;
  }

  private synchronized Duration remaining() {
    Instant now = Instant.now();
    return now.isBefore(notBefore) ? Duration.between(now, notBefore) : Duration.ZERO;
  }

  private void awaitTurn() {
    Duration wait;
    while (!(wait = remaining()).isZero()) {
      sleep(wait);
    }
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis() + 1);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static DsVlmException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new DsVlmException("interrupted while the judge was asked", e);
  }
}
