/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.OpenState;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The process group of a run, seen from one of its processes. All processes must call the
 * collective methods, in the same order. In a group of one they return at once, and there is nobody
 * to send a tensor to.
 *
 * <p>When a process is lost, the collective methods of the others fail with a {@link
 * DsVlmException} that names its rank, and {@link #loss} reports it.
 */
public final class ProcessGroup implements AutoCloseable {
  private static final int POLL_MILLIS = 200;

  /** Longer than the channel takes to notice that a process is gone. */
  private static final int LOSS_SECONDS = 25;

  private final Launch launch;
  private final @Nullable Rendezvous others;
  private final @Nullable ControlChannel channel;
  private final @Nullable Collectives collectives;
  private final OpenState open = new OpenState("the process group");
  private boolean failed;

  private ProcessGroup(Launch launch, @Nullable Rendezvous others) {
    this.launch = launch;
    this.others = others;
    this.channel = others == null ? null : others.channel();
    this.collectives = others == null ? null : others.collectives();
  }

  /** One process that has no others. */
  public static ProcessGroup alone() {
    return new ProcessGroup(Launch.ALONE, null);
  }

  /**
   * Connects to the other processes of {@code launch}.
   *
   * @throws DsVlmException if they do not come within five minutes, cannot be reached, or one of
   *     them is lost meanwhile
   */
  public static ProcessGroup join(Launch launch) {
    return launch.size() == 1 ? alone() : new ProcessGroup(launch, new Rendezvous(launch));
  }

  /**
   * Connects the processes by the collectives of {@code device}, as {@code cpu} or {@code cuda:0}.
   * Those of a processor are connected already. A GPU's library would else be loaded by the first
   * collective, after the models are read.
   *
   * @throws DsVlmException if the library cannot be used, or a process is lost meanwhile
   */
  public void connect(String device) {
    if (!isAlone() && device.startsWith("cuda")) {
      untilLoss(
          "nccl",
          () -> {
            try (PointerScope scope = new PointerScope()) {
              collectives().connect(new Device(device));
            }
          });
    }
  }

  /**
   * Runs {@code body}, which waits for other processes within native code where nothing interrupts
   * it, on a thread of its own: the loss of a process ends the waiting here.
   */
  void untilLoss(String name, Runnable body) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    channel().whenLost().thenAccept(how -> done.completeExceptionally(new DsVlmException(how)));
    daemon(
            name,
            () -> {
              try {
                body.run();
                done.complete(null);
              } catch (RuntimeException | Error e) {
                done.completeExceptionally(e);
              }
            })
        .start();
    try {
      done.join();
    } catch (CompletionException e) {
      failed = true;
      throw e.getCause() instanceof DsVlmException failure ? failure : e;
    }
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

  /** Whether this is the process that writes the run's files. */
  public boolean isFirst() {
    return launch.rank() == 0;
  }

  private boolean isAlone() {
    return others == null;
  }

  private ControlChannel channel() {
    return Objects.requireNonNull(channel);
  }

  private Collectives collectives() {
    open.require();
    return Objects.requireNonNull(collectives);
  }

  /**
   * Runs {@code body} in the first process while the others wait; returns its result in all of
   * them.
   */
  public String onFirst(Supplier<String> body) {
    return onFirst(body, () -> false);
  }

  /**
   * The same for a body that can be stopped.
   *
   * @param stop asked by those that wait; once it says true, {@link #stopAsked} does in the first
   */
  public String onFirst(Supplier<String> body, BooleanSupplier stop) {
    open.require();
    if (isFirst()) {
      String result = body.get();
      for (int other = 1; other < size(); other++) {
        channel().send(other, result);
      }
      return result;
    }
    boolean asked = false;
    String result = null;
    while (result == null) {
      result = channel().take(0, POLL_MILLIS);
      if (!asked && stop.getAsBoolean()) {
        asked = true;
        channel().askToStop();
      }
    }
    return result;
  }

  /** Runs {@code body} in the first process, and then in all others. */
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
    return !isAlone() && channel().stopAsked();
  }

  /**
   * Gathers the texts of all processes in the first one, in the order of ranks; the others get an
   * empty list.
   */
  public List<String> report(Supplier<String> text) {
    open.require();
    List<String> texts = new ArrayList<>();
    if (!isFirst()) {
      channel().send(0, text.get());
      return texts;
    }
    texts.add(text.get());
    for (int other = 1; other < size(); other++) {
      String received = null;
      while (received == null) {
        received = channel().take(other, POLL_MILLIS);
      }
      texts.add(received);
    }
    return texts;
  }

  /**
   * The sums of {@code values} over all processes; every process passes equally many. They are
   * gathered by one collective and added in the order of ranks, so that each process has the same
   * bits, whatever else is summed along.
   *
   * @param device whose collectives take them, as {@code cpu} or {@code cuda:0}
   */
  public double[] sum(String device, double... values) {
    if (isAlone() || values.length == 0) {
      return values;
    }
    double[] all;
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      double[] row = new double[size() * values.length];
      System.arraycopy(values, 0, row, rank() * values.length, values.length);
      Tensor gathered = Torch.of(row, row.length).to(new Device(device), ScalarType.Double);
      gatherPartsInBackground(gathered).await();
      all = Torch.doubles(gathered);
    }
    double[] sums = new double[values.length];
    for (int i = 0; i < all.length; i++) {
      sums[i % values.length] += all[i];
    }
    return sums;
  }

  /** Broadcasts the first process's {@code tensors}. */
  public void broadcast(Collection<Tensor> tensors) {
    if (isAlone()) {
      return;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (Tensor tensor : tensors) {
        Tensor values = tensor.detach();
        Tensor dense = values.contiguous();
        await(collectives().broadcast(dense));
        if (!dense.is_same(values)) {
          values.copy_(dense);
        }
      }
    }
  }

  /** A collective in the background. */
  public final class Pending {
    private final Work work;

    private Pending(Work work) {
      this.work = work;
    }

    /**
     * Waits for its end. On a GPU, only later computations wait.
     *
     * @throws DsVlmException if a process was lost; the message names it
     */
    public void await() {
      ProcessGroup.this.await(work);
    }
  }

  /** Begins to replace {@code tensor}, of one dimension, by its sum over all processes. */
  public Pending sumInBackground(Tensor tensor) {
    return new Pending(collectives().sum(tensor));
  }

  /**
   * The same for this process's part of {@code tensor}, number {@link #rank} of {@link #size} equal
   * parts. The other parts hold nothing of use afterwards.
   */
  public Pending sumPartInBackground(Tensor tensor) {
    return new Pending(collectives().sumPart(tensor));
  }

  /** Begins to fill {@code tensor} with each process's own part of it. */
  public Pending gatherPartsInBackground(Tensor tensor) {
    return new Pending(collectives().gatherParts(tensor));
  }

  /** Sends {@code tensor} to the process {@code to}, which receives it. */
  public void send(Tensor tensor, int to) {
    await(collectives().send(tensor, to));
  }

  /** Fills {@code tensor} with what the process {@code from} sends. */
  public void receive(Tensor tensor, int from) {
    await(collectives().receive(tensor, from));
  }

  private void await(Work work) {
    try {
      work._wait();
    } catch (RuntimeException e) {
      // A collective fails before the lost process is known.
      failed = true;
      String own = "a collective failed: " + Excerpt.firstLine(e);
      throw new DsVlmException(channel().awaitLoss(LOSS_SECONDS).orElse(own), e);
    } finally {
      work.close();
    }
  }

  /** Which process was lost and how, if one was. */
  public Optional<String> loss() {
    return isAlone() ? Optional.empty() : channel().loss();
  }

  /** Has {@code action} run, on a thread of its own, once a process is lost. */
  public void onLoss(Consumer<String> action) {
    if (!isAlone()) {
      channel().whenLost().thenAcceptAsync(action, body -> daemon("rank lost", body).start());
    }
  }

  private static Thread daemon(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Tells the others that this process cannot go on; they fail as well. */
  public void failed(Throwable cause) {
    failed = true;
    if (!isAlone()) {
      channel().failed(String.valueOf(cause.getMessage()));
    }
  }

  /**
   * Leaves the group. After a failure c10d's groups stay open until the process ends: closing them
   * would wait for collectives that never end.
   */
  @Override
  public void close() {
    if (!open.close() || isAlone()) {
      return;
    }
    channel().close();
    if (!failed && loss().isEmpty()) {
      Objects.requireNonNull(others).close();
    }
  }
}
