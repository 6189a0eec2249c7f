/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A connection that can be asked whether its client is still there while no one reads from it, and
 * that knows how long a request's headers have been coming.
 */
class ClientEndPoint extends SocketChannelEndPoint {
  private final Executor executor;

  /** A byte of the next request, read when the client was looked for. */
  private final ByteBuffer ahead = ByteBuffer.allocate(1).limit(0);

  private boolean answering;
  private boolean watched;

  /** When the first byte of the headers came that are still incomplete; 0 without any. */
  private long headersSince;

  ClientEndPoint(
      SocketChannel channel,
      ManagedSelector selector,
      SelectionKey selectionKey,
      Scheduler scheduler,
      Executor executor) {
    super(channel, selector, selectionKey, scheduler);
    this.executor = executor;
  }

  @Override
  public synchronized int fill(ByteBuffer buffer) throws IOException {
    int filled;
    if (ahead.hasRemaining()) {
      filled = BufferUtil.append(buffer, ahead);
    } else {
      filled = super.fill(buffer);
    }
    if (filled > 0 && !answering && headersSince == 0) {
      headersSince = System.nanoTime();
    }
    return filled;
  }

  @Override
  protected synchronized void needsFillInterest() {
    if (ahead.hasRemaining()) {
      executor.execute(() -> getFillInterest().fillable());
    } else {
      super.needsFillInterest();
    }
  }

  /** A request's headers are complete. */
  synchronized void requestBegins() {
    answering = true;
    headersSince = 0;
  }

  /** A request has its answer. */
  synchronized void requestEnds() {
    answering = false;
    watched = false;
  }

  /** From now on no one reads: the request's body is complete. */
  synchronized void watch() {
    watched = answering;
  }

  /** No longer to be asked whether its client is there. */
  synchronized void unwatch() {
    watched = false;
  }

  /** Whether a watched client has closed its side of the connection. */
  synchronized boolean isClientGone() {
    if (!watched || ahead.hasRemaining()) {
      return false;
    }
    try {
      ahead.clear();
      int read = getChannel().read(ahead);
      ahead.flip();
      return read < 0;
    } catch (IOException e) {
      ahead.limit(0);
      return true;
    }
  }

  /** Whether headers have been coming for longer than {@code nanos}. */
  synchronized boolean isSlowerThan(long nanos) {
    return headersSince != 0 && System.nanoTime() - headersSince > nanos;
  }
}
