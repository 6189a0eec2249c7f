/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** Sends bytes as they are, which no client library would. */
final class RawClient implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 30_000;

  private final Socket socket;

  RawClient(ModelServer server) throws IOException {
    socket = new Socket(server.address().getHost(), server.address().getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
  }

  /** Its own port, by which the server knows it. */
  int port() {
    return socket.getLocalPort();
  }

  RawClient send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  RawClient send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Whether a reply has begun to come. */
  boolean hasReply() throws IOException {
    return socket.getInputStream().available() > 0;
  }

  /** Nothing more will be sent. */
  RawClient endOutput() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /** All that comes until the server closes the connection; a reset ends it too. */
  String readAll() throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    InputStream stream = socket.getInputStream();
    byte[] buffer = new byte[8192];
    try {
      for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
        read.write(buffer, 0, n);
      }
    } catch (SocketException e) {
      // What came before it counts.
    }
    return read.toString(StandardCharsets.UTF_8);
  }

  /** What comes up to {@code end}. */
  String readUntil(String end) throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    while (!read.toString(StandardCharsets.UTF_8).endsWith(end)) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        break;
      }
      read.write(next);
    }
    return read.toString(StandardCharsets.UTF_8);
  }

  /** A request for a completion, after which the connection closes. */
  static String post(String body, String... headers) {
    return head("POST /v1/chat/completions", headers)
        + "Content-Type: application/json\r\nConnection: close\r\nContent-Length: "
        + body.getBytes(StandardCharsets.UTF_8).length
        + "\r\n\r\n"
        + body;
  }

  /** The first lines of a request; a host is named unless {@code headers} do. */
  static String head(String methodAndPath, String... headers) {
    StringBuilder head = new StringBuilder(methodAndPath).append(" HTTP/1.1\r\n");
    String all = String.join("\r\n", headers);
    if (!all.contains("Host:")) {
      head.append("Host: localhost\r\n");
    }
    return head.append(all).append(all.isEmpty() ? "" : "\r\n").toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
