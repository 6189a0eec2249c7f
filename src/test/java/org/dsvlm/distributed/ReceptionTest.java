/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Strangers who reach rank 0's port. */
class ReceptionTest {
  private static final String TOKEN = "ours";
  private static final int LONG = 60;

  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private Socket connected() throws IOException {
    return new Socket(server.getInetAddress(), server.getLocalPort());
  }

  /** Greeted one after the other, twenty of them would take longer than the process is awaited. */
  @Test
  @BadInput(
      number = 88,
      value = "strangers at the port of rank 0 who say nothing, or a byte now and then",
      then = "the run's processes are admitted meanwhile; a greeting has ten seconds in all")
  void strangersWhoSayNothingKeepNobodyOut() throws IOException {
    CompletableFuture<ControlChannel> first =
        CompletableFuture.supplyAsync(() -> ControlChannel.first(2, server, TOKEN, LONG));
    List<Socket> strangers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Socket stranger = connected();
      stranger.getOutputStream().write(Wire.Signal.HELLO.ordinal());
      strangers.add(stranger);
    }
    InetSocketAddress address =
        new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    try (ControlChannel second = ControlChannel.other(1, 2, address, TOKEN);
        ControlChannel channel = first.join()) {
      channel.send(1, "welcome");
      assertThat(second.take(0, 60_000)).isEqualTo("welcome");
      second.close();
    }
    for (Socket stranger : strangers) {
      stranger.close();
    }
  }

  @Test
  void aGreetingHasOneDeadlineHoweverSlowlyItComes() throws Exception {
    try (Socket stranger = connected();
        Socket accepted = server.accept()) {
      Thread dripping =
          new Thread(
              () -> {
                try {
                  OutputStream out = stranger.getOutputStream();
                  out.write(ByteBuffer.allocate(5).put((byte) 1).putInt(1000).array());
                  for (int i = 0; i < 1000; i++) {
                    out.write('x');
                    out.flush();
                    Thread.sleep(50);
                  }
                } catch (IOException | InterruptedException e) {
                  // The other end had enough.
                }
              });
      dripping.start();
      Wire wire = new Wire(accepted);
      assertThatThrownBy(() -> wire.receiveHello(500)).isInstanceOf(SocketTimeoutException.class);
      wire.close();
      dripping.join();
    }
  }

  @Test
  void aGreetingIsShort() throws Exception {
    for (int length : new int[] {Wire.LONGEST_HELLO + 1, 1 << 24, -1}) {
      try (Socket stranger = connected();
          Socket accepted = server.accept()) {
        byte[] head = ByteBuffer.allocate(5).put((byte) 1).putInt(length).array();
        stranger.getOutputStream().write(head);
        assertThatThrownBy(() -> new Wire(accepted).receiveHello(5000))
            .isInstanceOf(IOException.class)
            .hasMessage("it sent what is no greeting of ours");
      }
    }
  }

  @Test
  void aSharedSecretIsLongEnough() {
    Launch launch = new Launch(0, 2, 0, 1, "127.0.0.1", 1, false);
    assertThatThrownBy(() -> Rendezvous.meet(launch, null, "short"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("launch: DSVLM_TOKEN has to be 16 to 200 letters and digits");
  }

  /** Another program that uses the store's port. */
  @Test
  void whatIsNoPortIsRefused() {
    for (String text : new String[] {"", "port", "-1", "0", "70000", "99999999999", "１２３"}) {
      assertThatThrownBy(() -> Rendezvous.port(text))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("'" + text + "' in place of rank 0's port");
    }
    assertThat(Rendezvous.port("65535")).isEqualTo(65535);
  }
}
