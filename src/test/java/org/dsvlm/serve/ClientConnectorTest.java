/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ClientConnectorTest {
  /** Connections that together take every buffer which a pool would have left over. */
  private static final int SOUND = 16;

  private static final int THREADS = 64;

  /** Replies with the body, to the first requests not before it may. */
  private static final class Echo extends Handler.Abstract {
    private final CountDownLatch arrived = new CountDownLatch(SOUND);
    private final CountDownLatch mayReply = new CountDownLatch(1);

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
      String body = Content.Source.asString(request, StandardCharsets.UTF_8);
      if (body.startsWith("first")) {
        arrived.countDown();
        mayReply.await();
      }
      Reply.write(response, callback, 200, "text/plain", body.getBytes(StandardCharsets.UTF_8));
      return true;
    }
  }

  /**
   * A connection whose first reader is held after what it has read, until another thread reads too;
   * that one is held within its reading. This is as it comes about by itself, once in a long while,
   * when a malformed request is answered.
   */
  private static final class HeldEndPoint extends ClientEndPoint {
    private final CountDownLatch secondReads = new CountDownLatch(1);
    private final CountDownLatch maySecondGoOn = new CountDownLatch(1);
    private final CountDownLatch secondHasRead = new CountDownLatch(1);
    private volatile @Nullable Thread first;
    private volatile @Nullable Thread second;

    HeldEndPoint(
        SocketChannel channel,
        ManagedSelector selector,
        SelectionKey selectionKey,
        Scheduler scheduler,
        Executor executor) {
      super(channel, selector, selectionKey, scheduler, executor);
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
      if (first == null || first == Thread.currentThread()) {
        first = Thread.currentThread();
        return super.fill(buffer);
      }
      second = Thread.currentThread();
      try {
        return super.fill(buffer);
      } finally {
        secondHasRead.countDown();
      }
    }

    @Override
    public SocketChannel getChannel() {
      if (second == Thread.currentThread() && secondHasRead.getCount() > 0) {
        secondReads.countDown();
        await(maySecondGoOn);
      }
      return super.getChannel();
    }

    @Override
    public Connection getConnection() {
      if (first == Thread.currentThread()) {
        await(secondReads);
      }
      return super.getConnection();
    }

    boolean isFirstReading() {
      Thread thread = first;
      return thread != null
          && Arrays.stream(thread.getStackTrace())
              .anyMatch(frame -> frame.getMethodName().equals("onFillable"));
    }

    /** Waits, but for ever only if nothing else goes wrong. */
    private static boolean await(CountDownLatch latch) {
      try {
        return latch.await(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  /** Its first connection is held. */
  private static final class HoldingConnector extends ClientConnector {
    private final CompletableFuture<HeldEndPoint> held = new CompletableFuture<>();

    /**
     * @param buffers null for the connector's own choice
     */
    HoldingConnector(Server server, @Nullable ByteBufferPool buffers) {
      super(
          server, new TinyServer().settings(), buffers == null ? ClientConnector.BUFFERS : buffers);
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(
        SocketChannel channel, ManagedSelector selector, SelectionKey selectionKey) {
      if (held.isDone()) {
        return super.newEndPoint(channel, selector, selectionKey);
      }
      HeldEndPoint first =
          new HeldEndPoint(channel, selector, selectionKey, getScheduler(), getExecutor());
      held.complete(first);
      return first;
    }
  }

  private static void send(Socket socket, String body) throws IOException {
    String request = RawClient.head("POST /", "Content-Length: " + body.length()) + "\r\n" + body;
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
  }

  /** The body of the next reply, which is as long as {@code like}. */
  private static String reply(Socket socket, String like) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        return head.toString();
      }
      head.append((char) next);
    }
    return new String(socket.getInputStream().readNBytes(like.length()), StandardCharsets.US_ASCII);
  }

  /**
   * Replies to sound requests that are not their own, while a malformed request is answered on
   * another connection.
   */
  private static List<String> wrongReplies(@Nullable ByteBufferPool buffers) throws Exception {
    Server server = new Server(new QueuedThreadPool(THREADS));
    HoldingConnector connector = new HoldingConnector(server, buffers);
    Echo echo = new Echo();
    server.addConnector(connector);
    server.setHandler(echo);
    server.start();
    List<Socket> sockets = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    try (Socket malformed = new Socket(connector.getHost(), connector.getLocalPort())) {
      malformed
          .getOutputStream()
          .write("POST!/ HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      HeldEndPoint held = connector.held.get();
      assumeThat(HeldEndPoint.await(held.secondReads))
          .as("Jetty still reads from one connection on two threads")
          .isTrue();
      while (held.isFirstReading()) {
        Thread.onSpinWait();
      }
      for (int i = 0; i < SOUND; i++) {
        sockets.add(new Socket(connector.getHost(), connector.getLocalPort()));
        send(sockets.get(i), "first of " + i);
      }
      echo.arrived.await();
      held.maySecondGoOn.countDown();
      held.secondHasRead.await();
      echo.mayReply.countDown();
      for (int i = 0; i < SOUND; i++) {
        for (String body : List.of("first of " + i, "other of " + i)) {
          if (!body.startsWith("first")) {
            send(sockets.get(i), body);
          }
          String reply = reply(sockets.get(i), body);
          if (!reply.equals(body)) {
            wrong.add("'" + reply + "' in place of '" + body + "'");
          }
        }
      }
    } finally {
      echo.mayReply.countDown();
      for (Socket socket : sockets) {
        socket.close();
      }
      server.stop();
    }
    return wrong;
  }

  @Test
  void aMalformedRequestHasNoPartInOtherConnections() throws Exception {
    assertThat(wrongReplies(null)).isEmpty();
  }

  /** Once this fails, Jetty has mended it, and buffers may be used again. */
  @Test
  void withBuffersThatAreUsedAgainARequestIsAnsweredTwice() throws Exception {
    assertThat(wrongReplies(new ArrayByteBufferPool()))
        .singleElement()
        .asString()
        .matches("'first of (\\d+)' in place of 'other of \\1'");
  }
}
