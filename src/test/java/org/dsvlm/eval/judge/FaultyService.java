/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A service on this machine that misbehaves before it answers each question properly. */
final class FaultyService implements AutoCloseable {
  /** What it does with one request. */
  interface Behaviour {
    void answer(HttpExchange exchange, String question) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Queue<Behaviour>> plans = new ConcurrentHashMap<>();
  private final AtomicInteger running = new AtomicInteger();
  final AtomicInteger requests = new AtomicInteger();
  final AtomicInteger mostAtOnce = new AtomicInteger();
  final Queue<String> keys = new ConcurrentLinkedQueue<>();
  final Queue<JsonNode> bodies = new ConcurrentLinkedQueue<>();

  FaultyService() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/chat/completions", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1/");
  }

  /** What comes before the proper answer to {@code question}. */
  void plan(String question, Behaviour... faults) {
    plans.put(question, new ConcurrentLinkedQueue<>(List.of(faults)));
  }

  private void handle(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    mostAtOnce.accumulateAndGet(running.incrementAndGet(), Math::max);
    try (exchange) {
      keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      JsonNode body = new ObjectMapper().readTree(exchange.getRequestBody());
      bodies.add(body);
      String question = body.path("messages").path(1).path("content").asText();
      Queue<Behaviour> plan = plans.getOrDefault(question, new ConcurrentLinkedQueue<>());
      Behaviour next = plan.poll();
      if (next == null) {
        properly(exchange, question);
      } else {
        next.answer(exchange, question);
      }
    } finally {
      running.decrementAndGet();
    }
  }

  static void properly(HttpExchange exchange, String question) throws IOException {
    send(exchange, 200, choices(1, "reply to " + question));
  }

  static String choices(int count, String content) {
    var body = new ObjectMapper().createObjectNode();
    var choices = body.putArray("choices");
    for (int i = 0; i < count; i++) {
      choices.addObject().putObject("message").put("role", "assistant").put("content", content);
    }
    return body.toString();
  }

  static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  static Behaviour status(int status, String body) {
    return (exchange, question) -> send(exchange, status, body);
  }

  /** HTTP 429 with that header; the reply repeats the key. */
  static Behaviour tooMany(String retryAfter) {
    return (exchange, question) -> {
      exchange.getResponseHeaders().add("Retry-After", retryAfter);
      send(exchange, 429, exchange.getRequestHeaders().getFirst("Authorization"));
    };
  }

  static Behaviour body(String body) {
    return (exchange, question) -> send(exchange, 200, body);
  }

  /** Promises more bytes than it sends, then hangs up. */
  static Behaviour cutOff() {
    return (exchange, question) -> {
      exchange.sendResponseHeaders(200, 1000);
      OutputStream out = exchange.getResponseBody();
      out.write("{\"choices\": [".getBytes(StandardCharsets.UTF_8));
      out.flush();
      exchange.close();
    };
  }

  /** Sends that many bytes. */
  static Behaviour longer(int bytes) {
    return (exchange, question) -> {
      exchange.sendResponseHeaders(200, 0);
      byte[] part = new byte[1 << 16];
      for (int sent = 0; sent < bytes; sent += part.length) {
        exchange.getResponseBody().write(part);
      }
    };
  }

  /** Sends the headers, then a byte now and then. */
  static Behaviour slow(long millis) {
    return (exchange, question) -> {
      exchange.sendResponseHeaders(200, 0);
      long end = System.nanoTime() + millis * 1_000_000;
      while (System.nanoTime() < end) {
        exchange.getResponseBody().write(' ');
        exchange.getResponseBody().flush();
        LockSupport.parkNanos(20_000_000);
      }
    };
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
