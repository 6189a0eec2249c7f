/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Accepts connections.
 *
 * <p>Each buffer serves one connection only. Jetty 12.1.14 answers malformed HTTP on a second
 * thread, and resumes the connection on a third when that is done; the third may still read into
 * the buffer that the first gives back meanwhile. From a pool another connection could have it by
 * then, and would find its own last request in it once more: from then on each of its replies came
 * one request late. A buffer of 8 KiB costs nothing beside an answer, so none is used again.
 */
class ClientConnector extends ServerConnector {
  /** Bytes of a reply that the system keeps for a client that does not read; it may double them. */
  private static final int SEND_BUFFER = 1 << 16;

  /** Those of all connections. */
  static final ByteBufferPool BUFFERS = ByteBufferPool.NON_POOLING;

  ClientConnector(Server server, ServeSettings settings) {
    this(server, settings, BUFFERS);
  }

  /** With other buffers, to show what comes of them. */
  ClientConnector(Server server, ServeSettings settings, ByteBufferPool buffers) {
    super(server, null, null, buffers, 1, 1, new HttpConnectionFactory(http(settings.limits())));
    setAcceptedSendBufferSize(SEND_BUFFER);
    setHost(settings.host());
    setPort(settings.port());
    setIdleTimeout(settings.limits().idleTime().toMillis());
  }

  private static HttpConfiguration http(ServeLimits limits) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(limits.headerBytes());
    // Memory outside the heap is for what is used again.
    http.setUseInputDirectByteBuffers(false);
    http.setUseOutputDirectByteBuffers(false);
    return http;
  }

  @Override
  protected SocketChannelEndPoint newEndPoint(
      SocketChannel channel, ManagedSelector selector, SelectionKey selectionKey) {
    SocketChannelEndPoint endPoint =
        new ClientEndPoint(channel, selector, selectionKey, getScheduler(), getExecutor());
    endPoint.setIdleTimeout(getIdleTimeout());
    return endPoint;
  }
}
