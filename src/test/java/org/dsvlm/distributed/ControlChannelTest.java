/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The channel among sockets of one process, some of which are no channels but what may happen to
 * one.
 */
class ControlChannelTest {
  private static final String TOKEN = "ours";
  private static final int LONG = 60;

  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 4, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  /** Rank 0 of {@code size}, which waits for the others in the background. */
  private CompletableFuture<ControlChannel> first(int size, int seconds) {
    return CompletableFuture.supplyAsync(
        () -> ControlChannel.first(size, server, TOKEN, seconds),
        Executors.newSingleThreadExecutor());
  }

  private ControlChannel other(int rank, int size) {
    InetSocketAddress address =
        new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    return ControlChannel.other(rank, size, address, TOKEN);
  }

  /** A connection that says {@code hello}, and nothing more. */
  private Socket silent(String hello) throws IOException {
    Socket socket = new Socket(server.getInetAddress(), server.getLocalPort());
    socket.setSoTimeout(LONG * 1000);
    new Wire(socket).send(Wire.Signal.HELLO, hello);
    socket.setSoTimeout(LONG * 1000);
    return socket;
  }

  private static void fails(CompletableFuture<ControlChannel> channel, String... words) {
    assertThatThrownBy(channel::join)
        .cause()
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll(words);
  }

  private static void isTold(ControlChannel channel, String... words) {
    assertThat(channel.awaitLoss(LONG)).hasValueSatisfying(how -> assertThat(how).contains(words));
  }

  /** Or they would take rank 0 for lost if the last one is slow. */
  @Test
  void thoseWhoWaitForTheLastOneGetSignsOfLife() throws IOException {
    CompletableFuture<ControlChannel> first = first(3, LONG);
    try (Socket early = silent("1 3 " + TOKEN + " one")) {
      int kind = new DataInputStream(early.getInputStream()).readUnsignedByte();
      assertThat(Wire.Signal.values()[kind]).isEqualTo(Wire.Signal.BEAT);
      assertThat(first).isNotDone();
      ControlChannel last = other(2, 3);
      ControlChannel channel = first.join();
      last.close();
      early.close();
      channel.close();
    }
  }

  @Test
  void thoseWhoDoNotComeAreNamedToThoseWhoDid() {
    CompletableFuture<ControlChannel> first = first(4, 1);
    try (ControlChannel early = other(2, 4)) {
      isTold(early, "rank 0 of 4 (process ", " has failed: launch: of 4 processes, ranks [1, 3]");
    }
    fails(first, "of 4 processes, ranks [1, 3] have not come within 1 seconds");
  }

  @Test
  void aStrangerIsTurnedAway() throws IOException {
    CompletableFuture<ControlChannel> first = first(2, LONG);
    for (String hello : new String[] {"1 2 theirs me", "GET / HTTP/1.1", "1 x ours me", ""}) {
      try (Socket stranger = silent(hello)) {
        assertThat(stranger.getInputStream().read()).as(hello).isEqualTo(-1);
      }
    }
    try (ControlChannel second = other(1, 2)) {
      second.send(0, "hello");
      assertThat(first.join().take(1, LONG * 1000L)).isEqualTo("hello");
    }
    first.join().close();
  }

  @Test
  void aRankThatTwoProcessesHaveIsNamed() throws IOException {
    CompletableFuture<ControlChannel> first = first(3, LONG);
    try (Socket one = silent("1 3 " + TOKEN + " process 7 on a");
        ControlChannel same = other(1, 3)) {
      isTold(same, "RANK is 1 in process 7 on a");
    }
    fails(first, "RANK is 1 in process 7 on a and in process ");
  }

  @Test
  void aProcessThatTakesTheRunForAnotherSizeIsNamed() {
    CompletableFuture<ControlChannel> first = first(2, LONG);
    try (ControlChannel other = other(2, 4)) {
      fails(first, "WORLD_SIZE is 4 in process ", "which has RANK 2, but 2 in rank 0");
      isTold(other, "WORLD_SIZE is 4 in ");
    }
  }

  @Test
  void oneThatDiesBeforeAllAreThereEndsTheWaiting() throws IOException {
    CompletableFuture<ControlChannel> first = first(3, LONG);
    silent("1 3 " + TOKEN + " process 7 on a").close();
    fails(first, "rank 1 of 3 (process 7 on a) has died");
  }

  @Test
  void oneThatDiesIsNamedToAll() throws IOException {
    CompletableFuture<ControlChannel> first = first(3, LONG);
    Socket victim = silent("1 3 " + TOKEN + " process 7 on a");
    ControlChannel last = other(2, 3);
    try (ControlChannel channel = first.join()) {
      victim.close();
      isTold(channel, "rank 1 of 3 (process 7 on a) has died");
      isTold(last, "rank 1 of 3 (process 7 on a) has died");
      assertThatThrownBy(() -> channel.take(2, 1))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("rank 1 of 3 ");
      last.close();
    }
  }

  @Test
  void whoPartsInOrderIsNotLost() {
    CompletableFuture<ControlChannel> first = first(2, LONG);
    ControlChannel second = other(1, 2);
    second.send(0, "last words");
    second.close();
    ControlChannel channel = first.join();
    assertThat(channel.take(1, LONG * 1000L)).isEqualTo("last words");
    channel.close();
    assertThat(channel.loss()).isEmpty();
  }
}
