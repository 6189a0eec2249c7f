/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * One connection between two processes, over which texts of a few kinds go either way and which
 * notices when the other end is gone: at once if its process died, within {@link #SILENCE} if its
 * machine or network did.
 */
final class Wire implements AutoCloseable {
  /** The kinds of messages. */
  enum Signal {
    /** A keep-alive message without content. */
    BEAT,
    /** Introduces the sender; the first message on a wire. */
    HELLO,
    /** For the receiver's main thread, in order. */
    MESSAGE,
    /** The sender was asked to stop. */
    STOP,
    /** The sender has failed. */
    FAILED,
    /** Some process was lost. */
    LOST,
    /** The sender ends in order. */
    BYE
  }

  /** Time without any message after which the other end counts as gone. */
  static final int SILENCE = (int) TimeUnit.SECONDS.toMillis(20);

  static final int BEAT_MILLIS = 2000;

  /** Longest text: a step's metrics take a few kilobytes. What is longer comes from strangers. */
  private static final int LONGEST = 1 << 24;

  /** Longest greeting: numbers, a token and the name of a machine. */
  static final int LONGEST_HELLO = 1024;

  /** Kind and length of a text. */
  private static final int HEAD = 5;

  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;

  Wire(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(SILENCE);
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
  }

  /** The address of this machine that the other end sees. */
  InetAddress localAddress() {
    return socket.getLocalAddress();
  }

  /** Sends {@code text}; if the other end is gone, whoever listens will notice. */
  synchronized boolean send(Signal kind, String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      out.writeByte(kind.ordinal());
      out.writeInt(bytes.length);
      out.write(bytes);
      out.flush();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** A text that came. */
  record Received(Signal kind, String text) {}

  /** Waits for the next text; keep-alive messages are skipped. */
  Received receive() throws IOException {
    while (true) {
      int kind = in.readUnsignedByte();
      int length = in.readInt();
      if (kind >= Signal.values().length || length < 0 || length > LONGEST) {
        throw new IOException("it sent what is no message of ours");
      }
      byte[] bytes = new byte[length];
      in.readFully(bytes);
      if (Signal.values()[kind] != Signal.BEAT) {
        return new Received(Signal.values()[kind], new String(bytes, StandardCharsets.UTF_8));
      }
    }
  }

  /**
   * Waits for the first text, from whoever connected. He may be a stranger: the whole of it has to
   * come within {@code millis}, however slowly its bytes do, and to be a short {@code HELLO}.
   *
   * @throws IOException if it is not
   */
  String receiveHello(int millis) throws IOException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    ByteBuffer head = ByteBuffer.wrap(exactly(HEAD, end));
    int kind = head.get();
    int length = head.getInt();
    if (kind != Signal.HELLO.ordinal() || length < 0 || length > LONGEST_HELLO) {
      throw new IOException("it sent what is no greeting of ours");
    }
    String text = new String(exactly(length, end), StandardCharsets.UTF_8);
    socket.setSoTimeout(SILENCE);
    return text;
  }

  private byte[] exactly(int count, long end) throws IOException {
    byte[] bytes = new byte[count];
    for (int done = 0; done < count; ) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        throw new SocketTimeoutException("it took too long to greet");
      }
      socket.setSoTimeout((int) left);
      int read = in.read(bytes, done, count - done);
      if (read < 0) {
        throw new EOFException();
      }
      done += read;
    }
    return bytes;
  }

  /** Why reading ended, in words that go with the name of the other process. */
  static String reason(IOException e) {
    if (e instanceof SocketTimeoutException) {
      return "has given no sign of life for " + SILENCE / 1000 + " seconds";
    }
    return e instanceof EOFException
        ? "has died: its connection is closed"
        : "has died: " + e.getMessage();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }
}
