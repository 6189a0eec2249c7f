/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that ask, and then do not read what they asked for. */
@Timeout(120)
class StallingClientTest extends OwnServers {
  /** More than the system keeps for a client that does not read. */
  private static final int LARGE = 150_000;

  private static final String LONG =
      ", \"max_tokens\": 150, \"temperature\": 1.5, \"seed\": 1, \"logprobs\": true,"
          + " \"top_logprobs\": 20";

  /** Longer than the test may take. */
  private static final Duration NEVER = Duration.ofMinutes(5);

  private static String question(boolean stream) {
    return TinyServer.question("What?", LONG + ", \"stream\": " + stream);
  }

  /** Asks for a large reply, with next to no room of its own for it. */
  private static Socket ask(ModelServer server, boolean stream) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(server.address().getHost(), server.address().getPort()));
    String request = RawClient.post(question(stream));
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Waits until the model has made {@code count} answers, as far as the figures tell. */
  private static void awaitAnswers(ModelServer server, int count) throws Exception {
    while (TinyServer.figure(server, "dsvlm_answer_seconds_count") < count) {
      Thread.sleep(20);
    }
  }

  private static boolean hasNoneInFlight(ModelServer server) throws Exception {
    Thread.sleep(20);
    return TinyServer.figure(server, "dsvlm_requests_in_flight") == 0;
  }

  @Test
  void repliesAreLargeEnoughToStall() throws Exception {
    try (ModelServer server = settings.start(model)) {
      for (boolean stream : new boolean[] {false, true}) {
        assertThat(TinyServer.post(server, question(stream)).body()).hasSizeGreaterThan(LARGE);
      }
    }
  }

  @Test
  void aClientThatDoesNotReadKeepsNoPlaceInTheQueue() throws Exception {
    settings.queue = 1;
    try (ModelServer server = settings.start(model)) {
      for (boolean stream : new boolean[] {true, false}) {
        try (Socket stalled = ask(server, stream)) {
          awaitAnswers(server, stream ? 1 : 3);
          assertThat(TinyServer.figure(server, "dsvlm_requests_in_flight")).isEqualTo(1);
          String short_ = TinyServer.question("What?", ", \"max_tokens\": 3");
          assertThat(TinyServer.post(server, short_).statusCode()).isEqualTo(200);
        }
        while (!hasNoneInFlight(server)) {
          // The server learns that the client has left.
        }
      }
    }
  }

  @Test
  void aClientThatDoesNotReadIsLetGo() throws Exception {
    settings.idleTime = Duration.ofMillis(300);
    settings.replyTime = NEVER;
    assertIsLetGo(0);
  }

  @Test
  void aClientThatReadsTooSlowlyIsLetGo() throws Exception {
    settings.idleTime = NEVER;
    settings.replyTime = Duration.ofMillis(300);
    assertIsLetGo(256);
  }

  /** Both kinds of reply end within their text; {@code bytes} are read now and again. */
  private void assertIsLetGo(int bytes) throws Exception {
    try (ModelServer server = settings.start(model);
        Socket streamed = ask(server, true);
        Socket whole = ask(server, false)) {
      awaitAnswers(server, 2);
      int read = 0;
      while (!hasNoneInFlight(server)) {
        read += streamed.getInputStream().readNBytes(bytes).length;
        read += whole.getInputStream().readNBytes(bytes).length;
      }
      read += streamed.getInputStream().readAllBytes().length;
      read += whole.getInputStream().readAllBytes().length;
      assertThat(read).isLessThan(2 * LARGE);
    }
  }
}
