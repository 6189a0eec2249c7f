/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.chat.ChatModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that are wrong in every way that came to mind: each has a reply with a status that says
 * so or none at all, never 500 and never a word about the machine, and the server goes on. {@code
 * -Ddsvlm.fuzz.requests=10000} sends more of them, {@code -Ddsvlm.fuzz.seed} others.
 */
class MalformedRequestsTest {
  private static final int REQUESTS = Integer.getInteger("dsvlm.fuzz.requests", 400);
  private static final long SEED = Long.getLong("dsvlm.fuzz.seed", 1);
  private static final int CLIENTS = 4;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");

  @TempDir private Path folder;

  @Test
  void theServerGoesOn() throws Exception {
    TinyServer settings = new TinyServer();
    try (ChatModel model = TinyServer.open(folder.resolve("model"));
        ModelServer server = settings.start(model)) {
      String sound = TinyServer.question("What is this?", ", \"max_tokens\": 8");
      JsonNode before = TinyServer.json(TinyServer.post(server, sound).body()).path("choices");
      ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
      List<Future<Map<String, Integer>>> sent = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        long seed = SEED * CLIENTS + i;
        sent.add(clients.submit(() -> send(server, seed)));
      }
      Map<String, Integer> statuses = new TreeMap<>();
      for (Future<Map<String, Integer>> one : sent) {
        one.get().forEach((status, count) -> statuses.merge(status, count, Integer::sum));
      }
      clients.shutdown();
      System.out.println("statuses of " + REQUESTS + " malformed requests: " + statuses);
      assertThat(statuses.values().stream().mapToInt(Integer::intValue).sum())
          .isEqualTo(REQUESTS / CLIENTS * CLIENTS);
      assertThat(statuses.keySet())
          .contains("400")
          .isSubsetOf(
              "200", "204", "304", "400", "403", "404", "405", "408", "411", "413", "414", "415",
              "417", "421", "426", "499", "431", "501", "505", "none");
      assertThat(statuses.get("400")).isGreaterThan(REQUESTS / 10);
      assertThat(TinyServer.json(TinyServer.post(server, sound).body()).path("choices"))
          .isEqualTo(before);
      assertThat(TinyServer.figure(server, "dsvlm_requests_in_flight")).isZero();
      assertThat(TinyServer.figure(server, "dsvlm_http_requests_total{code=\"500\"}")).isZero();
    }
  }

  private Map<String, Integer> send(ModelServer server, long seed) throws IOException {
    MalformedRequests requests = new MalformedRequests(new SplittableRandom(seed));
    Map<String, Integer> statuses = new TreeMap<>();
    for (int i = 0; i < REQUESTS / CLIENTS; i++) {
      byte[] request = requests.next();
      String reply;
      try (RawClient client = new RawClient(server)) {
        reply = client.send(request).endOutput().readAll();
      } catch (SocketException e) {
        // The server had closed the connection before all was sent.
        reply = "";
      }
      String shown = "request " + i + " of seed " + seed + ":\n" + text(request) + "\n" + reply;
      Matcher status = STATUS.matcher(reply);
      statuses.merge(status.lookingAt() ? status.group(1) : "none", 1, Integer::sum);
      assertThat(reply).as(shown).matches("(?s)|HTTP/1\\.1 \\d{3} .*");
      assertThat(reply)
          .as(shown)
          .doesNotContain("\tat ", "java.", "org.dsvlm", "Exception", folder.toString(), "jetty");
    }
    return statuses;
  }

  private static String text(byte[] request) {
    return new String(request, StandardCharsets.ISO_8859_1);
  }
}
