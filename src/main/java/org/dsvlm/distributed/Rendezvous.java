/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects the processes of a run through a store that rank 0 or the launcher serves. The store
 * holds the address of rank 0's channel, and the addresses by which the members of c10d's groups
 * find their peers.
 */
final class Rendezvous implements AutoCloseable {
  /** Machines of a cluster may start minutes apart. */
  private static final int SECONDS = Integer.getInteger("dsvlm.join.seconds", 300);

  /**
   * When a process dies, its connections end one after the other; the channel's tells which it was.
   */
  private static final int LOSS_SECONDS = 2;

  private static final Logger LOG = LoggerFactory.getLogger(Rendezvous.class);

  /** Variable of the environment: a secret that all processes of a run share. */
  static final String TOKEN = "DSVLM_TOKEN";

  private static final Pattern SOUND_TOKEN = Pattern.compile("[A-Za-z0-9]{16,200}");

  private static final String CHANNEL = "dsvlm/channel";
  private static final int LAST_PORT = 0xffff;

  private final TCPStore server;
  private final Store store;
  private final ControlChannel channel;
  private final Collectives collectives;

  /**
   * Connects to the other processes of {@code launch}.
   *
   * @throws DsVlmException if they do not come in time, cannot be reached, or one is lost meanwhile
   */
  Rendezvous(Launch launch) {
    Torch.load();
    try (PointerScope scope = new PointerScope()) {
      server = store(launch);
      server.retainReference();
      // A copy of its own: the group takes what it is given, and both would free it.
      store = server.clone();
      store.retainReference();
    } catch (RuntimeException e) {
      throw noStore(launch, e);
    }
    try {
      channel = meet(launch, store);
    } catch (IOException | RuntimeException e) {
      closeStore();
      throw e instanceof DsVlmException failure ? failure : noStore(launch, e);
    }
    try {
      collectives = connect(launch);
    } catch (RuntimeException e) {
      channel.failed(String.valueOf(e.getMessage()));
      channel.close();
      throw e;
    }
  }

  private static DsVlmException noStore(Launch launch, Exception e) {
    return new DsVlmException(
        "launch: rank "
            + launch.rank()
            + " of "
            + launch.size()
            + " finds no store at MASTER_ADDR "
            + launch.masterAddress()
            + ", MASTER_PORT "
            + launch.masterPort()
            + ": "
            + Excerpt.firstLine(e),
        e);
  }

  /** In the caller's scope. */
  static TCPStore store(Launch launch) {
    TCPStoreOptions options = new TCPStoreOptions();
    options.port((short) launch.masterPort());
    options.isServer(launch.rank() == 0 && !launch.agentStore());
    options.waitWorkers(false);
    options.timeout(new Milliseconds(TimeUnit.SECONDS.toMillis(SECONDS)));
    return new TCPStore(launch.masterAddress(), options);
  }

  /** As below, with the token that the environment holds. */
  static ControlChannel meet(Launch launch, Store store) throws IOException {
    return meet(launch, store, System.getenv(TOKEN));
  }

  /**
   * Rank 0 publishes in the store the port of its channel. Without a secret it adds a token, which
   * then anyone can read who reaches the store.
   *
   * @param secret that all processes of the run were started with; null without one
   */
  static ControlChannel meet(Launch launch, Store store, @Nullable String secret)
      throws IOException {
    if (secret != null && !SOUND_TOKEN.matcher(secret).matches()) {
      throw new DsVlmException(
          "launch: "
              + TOKEN
              + " has to be 16 to 200 letters and digits, such as from"
              + " 'openssl rand -hex 16'");
    }
    if (launch.rank() == 0) {
      try (ServerSocket listener = listener(launch)) {
        String token = secret == null ? newToken() : secret;
        String published = secret == null ? " " + token : "";
        store.set(CHANNEL, listener.getLocalPort() + published);
        return ControlChannel.first(launch.size(), listener, token, SECONDS);
      }
    }
    String[] words = store.get_to_str(CHANNEL).split(" ");
    if ((words.length == 1) != (secret != null)) {
      throw new DsVlmException(
          "launch: "
              + TOKEN
              + (secret == null ? " is set in rank 0, but not" : " is not set in rank 0, but is")
              + " in rank "
              + launch.rank()
              + "; give all processes the same");
    }
    InetSocketAddress first = new InetSocketAddress(launch.masterAddress(), port(words[0]));
    return ControlChannel.other(
        launch.rank(), launch.size(), first, secret == null ? words[1] : secret);
  }

  /** Anyone who reaches the store can write it. */
  static int port(String text) {
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
    if (port < 1 || port > LAST_PORT) {
      throw new DsVlmException(
          "launch: the store at MASTER_ADDR and MASTER_PORT holds '"
              + Excerpt.of(text)
              + "' in place of rank 0's port; another program uses it: choose another MASTER_PORT");
    }
    return port;
  }

  private static String newToken() {
    byte[] token = new byte[16];
    new SecureRandom().nextBytes(token);
    return HexFormat.of().formatHex(token);
  }

  /**
   * Listens at {@code MASTER_ADDR} alone, not at the machine's other addresses. Where that is no
   * address of this machine, as behind a service's name, it listens at all.
   */
  private static ServerSocket listener(Launch launch) throws IOException {
    int waiting = launch.size() + Reception.MOST_GREETED;
    try {
      return new ServerSocket(0, waiting, InetAddress.getByName(launch.masterAddress()));
    } catch (BindException e) {
      LOG.warn(
          "MASTER_ADDR {} is no address of this machine, so rank 0 listens at all it has; see"
              + " docs/scaling.md",
          launch.masterAddress());
      return new ServerSocket(0, waiting);
    }
  }

  /**
   * Gloo waits for its peers within native code, which nothing interrupts. It does so on a thread
   * of its own, so that the loss of a process ends the waiting here. That thread may need the store
   * for some time then, and closes it.
   */
  private Collectives connect(Launch launch) {
    CompletableFuture<Collectives> made = new CompletableFuture<>();
    channel.whenLost().thenAccept(how -> made.completeExceptionally(new DsVlmException(how)));
    Thread thread =
        new Thread(
            () -> {
              try {
                InetAddress local = localAddress(launch);
                Collectives connected = new Collectives(store, launch.rank(), launch.size(), local);
                if (!made.complete(connected)) {
                  connected.close();
                  closeStore();
                }
              } catch (IOException | RuntimeException | Error e) {
                closeStore();
                made.completeExceptionally(e);
              }
            },
            "rendezvous");
    thread.setDaemon(true);
    thread.start();
    try {
      return made.join();
    } catch (CompletionException e) {
      channel.awaitLoss(LOSS_SECONDS);
      channel.requireAll();
      throw e.getCause() instanceof DsVlmException failure
          ? failure
          : new DsVlmException(
              "launch: " + Excerpt.firstLine(Objects.requireNonNullElse(e.getCause(), e)), e);
    }
  }

  /** The address of this machine that the others can reach. */
  private InetAddress localAddress(Launch launch) throws IOException {
    return launch.rank() == 0
        ? InetAddress.getByName(launch.masterAddress())
        : channel.localAddress();
  }

  ControlChannel channel() {
    return channel;
  }

  Collectives collectives() {
    return collectives;
  }

  private void closeStore() {
    store.close();
    server.close();
  }

  /** Frees what the groups hold. The channel has to be closed before. */
  @Override
  public void close() {
    collectives.close();
    closeStore();
  }
}
