/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Makes requests that are wrong in some way, of which a few are right by chance. */
final class MalformedRequests {
  private static final List<String> PATHS =
      List.of(
          "/v1/chat/completions",
          "/v1/models",
          "/v1/models/",
          "/health",
          "/metrics",
          "/",
          "/index.html",
          "*",
          "",
          "//",
          "/%",
          "/%00",
          "/%2e%2e/a",
          "/..;/a",
          "/v1/models/%ff%fe",
          "http://a/b",
          "http://[::1",
          "/a b",
          "/?a=%zz",
          "/v1/chat/completions?a=b",
          "/\u00ff");

  private static final List<String> METHODS =
      List.of(
          "GET",
          "POST",
          "PUT",
          "HEAD",
          "OPTIONS",
          "DELETE",
          "TRACE",
          "CONNECT",
          "PRI",
          "get",
          "",
          "A".repeat(50));

  private static final List<String> VERSIONS =
      List.of("HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "http/1.1", "HTTP", "");

  private static final List<String> HEADERS =
      List.of(
          "Host: localhost",
          "Host: a, b",
          "Host: ",
          "Host: evil.example",
          "Host: [",
          "Host: a:b",
          "Content-Length: -1",
          "Content-Length: 99999999999999999999",
          "Content-Length: 5",
          "Content-Length: 5\r\nContent-Length: 6",
          "Content-Length: 0x10",
          "Content-Length: ",
          "Transfer-Encoding: chunked",
          "Transfer-Encoding: gzip",
          "Transfer-Encoding: chunked, chunked",
          "Transfer-Encoding: chunked\r\nContent-Length: 3",
          "Content-Type: application/json",
          "Content-Type: text/plain",
          "Content-Type: ",
          "Content-Type: application/json; charset=\u00ff",
          "Expect: 100-continue",
          "Expect: nothing",
          "Connection: close",
          "Connection: upgrade",
          "Upgrade: h2c\r\nHTTP2-Settings: AAA",
          "Upgrade: websocket",
          "Origin: null",
          "Origin: ",
          "Authorization: Bearer",
          "Authorization: \u0000",
          "Range: bytes=0-1",
          "If-None-Match: *",
          "If-None-Match: \"",
          "Cookie: a=b; \u0001",
          "X: " + "y".repeat(5000),
          "no colon",
          ": no name",
          " folded: yes",
          "A\tB: c",
          "X: a\nY: b",
          "Accept: text/html",
          "Accept-Encoding: gzip");

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "1e999",
          "1e-999",
          "NaN",
          "\"\"",
          "\"a\"",
          "[]",
          "{}",
          "[[[]]]",
          "\"\\ud800\"",
          "\"\\u0000\"",
          "9223372036854775808",
          "[null]",
          "{\"a\":{}}",
          "\"<image>\"",
          "[\"\",\"\"]",
          "{\"type\":\"text\"}",
          "\"</s>\"",
          "0.5",
          "3");

  private static final List<String> KEYS =
      List.of(
          "model",
          "messages",
          "stream",
          "stream_options",
          "temperature",
          "top_p",
          "top_k",
          "seed",
          "stop",
          "max_tokens",
          "max_completion_tokens",
          "logprobs",
          "top_logprobs",
          "n",
          "tools",
          "response_format",
          "repetition_penalty",
          "user",
          "logit_bias",
          "\u00e9",
          "",
          "__proto__");

  private static final List<String> URLS =
      List.of(
          "data:image/png;base64,iVBORw0KGgo=",
          "data:image/jpeg;base64,/9j/",
          "file:///etc/passwd",
          "http://127.0.0.1:1/",
          "data:,",
          "data:image/gif;base64,R0lGODlh",
          "data:image/bmp;base64,Qk0=",
          "data:image/webp;base64,UklGRgAAAABXRUJQ",
          "data:image/png;base64,%%%",
          "javascript:0");

  private final RandomGenerator random;
  private final String picture;

  MalformedRequests(RandomGenerator random) throws IOException {
    this.random = random;
    picture = TinyServer.dataUrl("gray.png");
  }

  private String one(List<String> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** Bytes to send. */
  byte[] next() {
    byte[] request =
        switch (random.nextInt(6)) {
          case 0 -> noise();
          case 1 -> heads().getBytes(StandardCharsets.ISO_8859_1);
          case 2 -> chunked();
          default -> posted(body());
        };
    return random.nextInt(3) == 0 ? damaged(request) : request;
  }

  private byte[] noise() {
    byte[] noise = new byte[random.nextInt(1, 2000)];
    random.nextBytes(noise);
    return noise;
  }

  /** Each part is right half the time, or nothing but the first fault would ever be found. */
  private String heads() {
    StringBuilder request = new StringBuilder(rightOr("GET", METHODS)).append(' ');
    request.append(one(PATHS)).append(' ').append(rightOr("HTTP/1.1", VERSIONS)).append("\r\n");
    if (random.nextBoolean()) {
      request.append("Host: localhost\r\n");
    }
    for (int i = random.nextInt(4); i > 0; i--) {
      request.append(one(HEADERS)).append("\r\n");
    }
    return request.append("\r\n").append("a".repeat(random.nextInt(20))).toString();
  }

  private String rightOr(String right, List<String> others) {
    return random.nextBoolean() ? right : one(others);
  }

  private byte[] posted(String body) {
    return RawClient.post(body).getBytes(StandardCharsets.UTF_8);
  }

  private byte[] chunked() {
    String head =
        RawClient.head("POST /v1/chat/completions")
            + "Content-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    String body = body();
    String size =
        random.nextInt(2) == 0
            ? Integer.toHexString(body.getBytes(StandardCharsets.UTF_8).length)
            : one(List.of("-1", "zz", "ffffffffffff", "0", "5;a=b", ""));
    return (head + size + "\r\n" + body + "\r\n0\r\n\r\n").getBytes(StandardCharsets.UTF_8);
  }

  private String body() {
    StringBuilder body = new StringBuilder("{\"model\": \"tiny\", \"max_tokens\": 2");
    if (random.nextInt(5) > 0) {
      body.append(", \"messages\": ").append(messages());
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      body.append(", \"").append(one(KEYS)).append("\": ").append(one(VALUES));
    }
    return body.append('}').toString();
  }

  private String messages() {
    StringBuilder messages = new StringBuilder("[");
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      messages
          .append("{\"role\": ")
          .append(
              one(List.of("\"user\"", "\"user\"", "\"assistant\"", "\"system\"", "\"tool\"", "3")))
          .append(", \"content\": ")
          .append(content())
          .append(i > 1 ? "}, " : "}");
    }
    return messages.append("]").toString();
  }

  private String content() {
    return switch (random.nextInt(4)) {
      case 0 -> one(VALUES);
      case 1 -> "[{\"type\": \"image_url\", \"image_url\": {\"url\": \"" + one(URLS) + "\"}}]";
      case 2 ->
          "[{\"type\": \"image_url\", \"image_url\": {\"url\": \""
              + brokenPicture()
              + "\"}}, {\"type\": \"text\", \"text\": \"What?\"}]";
      default -> "\"What is this?\"";
    };
  }

  /** A picture's file with a few other bytes. */
  private String brokenPicture() {
    StringBuilder broken = new StringBuilder(picture);
    int begin = broken.indexOf(",") + 1;
    for (int i = random.nextInt(4); i > 0; i--) {
      broken.setCharAt(random.nextInt(begin, broken.length() - 2), (char) random.nextInt('a', 'z'));
    }
    return broken.toString();
  }

  private byte[] damaged(byte[] request) {
    byte[] damaged = request.clone();
    for (int i = random.nextInt(1, 5); i > 0 && damaged.length > 0; i--) {
      int at = random.nextInt(damaged.length);
      if (random.nextInt(4) == 0) {
        damaged = Arrays.copyOf(damaged, at);
      } else {
        damaged[at] = (byte) random.nextInt();
      }
    }
    return damaged;
  }
}
