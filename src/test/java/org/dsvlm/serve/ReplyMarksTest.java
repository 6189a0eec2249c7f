/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ReplyMarksTest extends OwnServers {
  @AfterEach
  void nameNoConnections() {
    System.clearProperty(ReplyMarks.NAMES_CONNECTIONS);
  }

  private static String ask(RawClient client, String methodAndPath, String id) throws Exception {
    return client
        .send(RawClient.head(methodAndPath, "X-Request-Id: " + id) + "\r\n")
        .readUntil("\r\n\r\n");
  }

  @Test
  void aRequestsIdComesBack() throws Exception {
    try (ModelServer server = settings.start(model);
        RawClient client = new RawClient(server)) {
      assertThat(ask(client, "HEAD /health", "a-1")).contains("200 OK", "X-Request-Id: a-1\r\n");
      assertThat(ask(client, "HEAD /nowhere", "a-2")).contains("404", "X-Request-Id: a-2\r\n");
      assertThat(ask(client, "HEAD /%2f", "a-3")).contains("400", "X-Request-Id: a-3\r\n");
    }
  }

  @Test
  void whatIsNoIdDoesNotComeBack() throws Exception {
    try (ModelServer server = settings.start(model);
        RawClient client = new RawClient(server)) {
      for (String id : new String[] {"two words", "", "x".repeat(129)}) {
        assertThat(ask(client, "HEAD /health", id)).contains("200 OK").doesNotContain("Request-Id");
      }
    }
  }

  @Test
  void repliesNameTheirConnection() throws Exception {
    try (ModelServer server = settings.start(model);
        RawClient client = new RawClient(server)) {
      assertThat(ask(client, "HEAD /health", "a")).doesNotContain("X-Connection");
      System.setProperty(ReplyMarks.NAMES_CONNECTIONS, "true");
      String named = "X-Connection: " + client.port() + "/";
      assertThat(ask(client, "HEAD /health", "b")).contains(named + "2\r\n");
      assertThat(ask(client, "HEAD /health", "c")).contains(named + "3\r\n");
    }
  }
}
