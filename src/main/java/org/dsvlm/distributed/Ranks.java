/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Work;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.tensor.Torch;

/**
 * The processes of a run, seen from one of them. What several do together they must all call, in
 * the same order. One process alone has nobody to wait for: every method then does the obvious
 * thing at once.
 *
 * <p>When a process is lost, what the others do together fails with a {@link DsVlmException} that
 * names its rank, and {@link #loss} tells it.
 */
public final class Ranks implements AutoCloseable {
  /** Machines of a cluster may start minutes apart. */
  private static final int JOIN_SECONDS = Integer.getInteger("dsvlm.join.seconds", 300);

  private static final int POLL_MILLIS = 200;

  /** Longer than the link takes to notice that a process is gone. */
  private static final int LOSS_SECONDS = 25;

  private static final String LINK = "dsvlm/link";

  private final Launch launch;
  private final RankLink link;
  private final Collectives collectives;
  private final TCPStore server;
  private final Store store;
  private boolean failed;

  private Ranks(
      Launch launch, RankLink link, Collectives collectives, TCPStore server, Store store) {
    this.launch = launch;
    this.link = link;
    this.collectives = collectives;
    this.server = server;
    this.store = store;
  }

  /** One process that has no others. */
  public static Ranks alone() {
    return new Ranks(Launch.ALONE, null, null, null, null);
  }

  /**
   * Meets the other processes of {@code launch}.
   *
   * @throws DsVlmException if they do not come within five minutes, or cannot be reached
   */
  public static Ranks join(Launch launch) {
    if (launch.size() == 1) {
      return alone();
    }
    Torch.load();
    boolean serves = launch.rank() == 0 && !launch.agentStore();
    try (PointerScope scope = new PointerScope()) {
      TCPStoreOptions options = new TCPStoreOptions();
      options.port((short) launch.masterPort());
      options.isServer(serves);
      options.waitWorkers(false);
      options.timeout(new Milliseconds(TimeUnit.SECONDS.toMillis(JOIN_SECONDS)));
      TCPStore server = new TCPStore(launch.masterAddress(), options);
      server.retainReference();
      // A copy of its own: the group takes what it is given, and both would free it.
      Store store = server.clone();
      store.retainReference();
      RankLink link = link(launch, store);
      InetAddress local =
          launch.rank() == 0 ? InetAddress.getByName(launch.masterAddress()) : link.localAddress();
      Collectives collectives =
          new Collectives(
              store, launch.rank(), launch.size(), local, System.getenv("GLOO_SOCKET_IFNAME"));
      return new Ranks(launch, link, collectives, server, store);
    } catch (IOException e) {
      throw unreachable(launch, e);
    } catch (RuntimeException e) {
      throw e instanceof DsVlmException failure ? failure : unreachable(launch, e);
    }
  }

  private static DsVlmException unreachable(Launch launch, Exception e) {
    return new DsVlmException(
        String.format(
            "launch: rank %d of %d finds no store at MASTER_ADDR %s, MASTER_PORT %d: %s",
            launch.rank(),
            launch.size(),
            launch.masterAddress(),
            launch.masterPort(),
            e.getMessage()),
        e);
  }

  /**
   * The first process tells by the store where its link listens, and a word that only ours know.
   */
  private static RankLink link(Launch launch, Store store) throws IOException {
    if (launch.rank() == 0) {
      try (ServerSocket listener = new ServerSocket(0, launch.size())) {
        String token = Long.toHexString(new java.security.SecureRandom().nextLong());
        store.set(LINK, listener.getLocalPort() + " " + token);
        return RankLink.first(launch.size(), listener, token, JOIN_SECONDS);
      }
    }
    String[] words = store.get_to_str(LINK).split(" ");
    return RankLink.other(
        launch.rank(), launch.size(), launch.masterAddress(), Integer.parseInt(words[0]), words[1]);
  }

  /** This process's place. */
  public Launch launch() {
    return launch;
  }

  /** From 0. */
  public int rank() {
    return launch.rank();
  }

  /** How many processes there are. */
  public int size() {
    return launch.size();
  }

  /** Whether this is the process that writes what the run writes. */
  public boolean isFirst() {
    return launch.rank() == 0;
  }

  private boolean isAlone() {
    return link == null;
  }

  /** Runs {@code body} in the first process, while the others wait; gives all what it gave. */
  public String onFirst(Supplier<String> body) {
    return onFirst(body, () -> false);
  }

  /**
   * The same for a body that can be stopped.
   *
   * @param stop asked by those that wait; once it says true, {@link #stopAsked} does in the first
   */
  public String onFirst(Supplier<String> body, BooleanSupplier stop) {
    if (isFirst()) {
      String result = body.get();
      for (int other = 1; other < size(); other++) {
        link.send(other, result);
      }
      return result;
    }
    boolean asked = false;
    String result = null;
    while (result == null) {
      result = link.take(0, POLL_MILLIS);
      if (!asked && stop.getAsBoolean()) {
        asked = true;
        link.askToStop();
      }
    }
    return result;
  }

  /** Runs {@code body} in the first process, and when it is done in all others. */
  public <T> T firstBeforeOthers(Supplier<T> body) {
    if (!isFirst()) {
      onFirst(() -> "");
      return body.get();
    }
    T result = body.get();
    onFirst(() -> "");
    return result;
  }

  /** Whether another process was asked to stop while this one, the first, worked alone. */
  public boolean stopAsked() {
    return !isAlone() && link.stopAsked();
  }

  /** Gives the first process the texts of all, in the order of ranks; the others an empty list. */
  public List<String> report(Supplier<String> text) {
    List<String> texts = new ArrayList<>();
    if (!isFirst()) {
      link.send(0, text.get());
      return texts;
    }
    texts.add(text.get());
    for (int other = 1; other < size(); other++) {
      String received = null;
      while (received == null) {
        received = link.take(other, POLL_MILLIS);
      }
      texts.add(received);
    }
    return texts;
  }

  /**
   * The sums of {@code values}, of which all have as many, over all processes: the same bits in
   * each. A few numbers go over the link, since Gloo's ring takes as many steps as there are
   * processes.
   */
  public double[] sum(double... values) {
    if (isAlone()) {
      return values;
    }
    List<String> all = report(() -> text(values));
    return numbers(
        onFirst(
            () -> {
              double[] sums = new double[values.length];
              for (String each : all) {
                double[] summands = numbers(each);
                Arrays.setAll(sums, i -> sums[i] + summands[i]);
              }
              return text(sums);
            }));
  }

  private static String text(double[] values) {
    return Arrays.stream(values).mapToObj(Double::toString).collect(Collectors.joining(" "));
  }

  private static double[] numbers(String text) {
    return text.isEmpty()
        ? new double[0]
        : Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }

  /** Whether {@code value} is true in any process. */
  public boolean any(boolean value) {
    return isAlone() ? value : sum(value ? 1 : 0)[0] > 0;
  }

  /** Gives all processes the first one's {@code tensors}. */
  public void broadcast(Collection<Tensor> tensors) {
    if (isAlone()) {
      return;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (Tensor tensor : tensors) {
        Tensor values = tensor.detach();
        Tensor dense = values.contiguous();
        await(collectives.broadcast(dense));
        if (!dense.is_same(values)) {
          values.copy_(dense);
        }
      }
    }
  }

  /** Something that several processes do in the background. */
  public final class Pending {
    private final Work work;

    private Pending(Work work) {
      this.work = work;
    }

    /**
     * Waits for its end. On a GPU, what is computed from now on waits.
     *
     * @throws DsVlmException if a process was lost; the message names it
     */
    public void await() {
      Ranks.this.await(work);
    }
  }

  /** Begins to replace {@code tensor}, of one dimension, by its sum over all processes. */
  public Pending sumInBackground(Tensor tensor) {
    return new Pending(collectives.sum(tensor));
  }

  /**
   * The same for the part of {@code tensor} that falls to this process: of {@link #size} equal ones
   * the one at {@link #rank}. The other parts hold nothing of use afterwards.
   */
  public Pending sumPartInBackground(Tensor tensor) {
    return new Pending(collectives.sumPart(tensor));
  }

  /** Begins to fill {@code tensor} with each process's own part of it. */
  public Pending gatherPartsInBackground(Tensor tensor) {
    return new Pending(collectives.gatherParts(tensor));
  }

  /** Sends {@code tensor} to the process {@code to}, which receives it. */
  public void send(Tensor tensor, int to) {
    await(collectives.send(tensor, to));
  }

  /** Fills {@code tensor} with what the process {@code from} sends. */
  public void receive(Tensor tensor, int from) {
    await(collectives.receive(tensor, from));
  }

  private void await(Work work) {
    try {
      work._wait();
    } catch (RuntimeException e) {
      failed = true;
      throw new DsVlmException(awaitLoss().orElse("a collective failed: " + e.getMessage()), e);
    } finally {
      work.close();
    }
  }

  /** A collective breaks off before it is known who is to blame. */
  private Optional<String> awaitLoss() {
    try {
      return Optional.of(link.loss().get(LOSS_SECONDS, TimeUnit.SECONDS));
    } catch (TimeoutException | ExecutionException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Which process was lost and how, if one was. */
  public Optional<String> loss() {
    return isAlone() ? Optional.empty() : Optional.ofNullable(link.loss().getNow(null));
  }

  /** Has {@code action} run, on a thread of its own, once a process is lost. */
  public void onLoss(Consumer<String> action) {
    if (!isAlone()) {
      link.loss().thenAcceptAsync(action, body -> daemon(body).start());
    }
  }

  private static Thread daemon(Runnable body) {
    Thread thread = new Thread(body, "rank lost");
    thread.setDaemon(true);
    return thread;
  }

  /** Tells the others that this process cannot go on; they fail as well. */
  public void failed(Throwable cause) {
    failed = true;
    if (!isAlone()) {
      link.failed(String.valueOf(cause.getMessage()));
    }
  }

  /**
   * Parts from the others. After a failure the groups stay open until the process ends: closing
   * them would wait for collectives that never end.
   */
  @Override
  public void close() {
    if (isAlone()) {
      return;
    }
    link.close();
    if (!failed && link.loss().getNow(null) == null) {
      collectives.close();
      store.close();
      server.close();
    }
  }
}
