/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessGroupTest {
  private static String message(Optional<Throwable> failure) {
    return failure.orElseThrow().getMessage();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void sumsNumbersOfAll(int size) throws IOException {
    Together.run(
        size,
        group -> {
          double infinite = group.isFirst() ? Double.POSITIVE_INFINITY : 1;
          double none = group.rank() == size - 1 ? Double.NaN : 1;
          assertThat(group.sum("cpu", 0.1, group.rank(), infinite, none))
              .containsExactly(
                  size == 1 ? 0.1 : 0.1 + 0.1 + 0.1,
                  size == 1 ? 0 : 3,
                  Double.POSITIVE_INFINITY,
                  Double.NaN);
          assertThat(group.sum("cpu")).isEmpty();
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void theFirstWorksAloneAndReadsTheReportsOfAll(int size) throws IOException {
    AtomicBoolean done = new AtomicBoolean();
    Together.run(
        size,
        group -> {
          assertThat(group.onFirst(() -> "of rank " + group.rank())).isEqualTo("of rank 0");
          boolean doneBefore = group.firstBeforeOthers(() -> done.getAndSet(true));
          assertThat(doneBefore).isEqualTo(!group.isFirst());
          List<String> reports = group.report(() -> "line\n" + group.rank());
          assertThat(reports)
              .isEqualTo(
                  group.isFirst()
                      ? List.of("line\n0", "line\n1", "line\n2").subList(0, size)
                      : List.of());
        });
  }

  @Test
  void oneThatWaitsCanAskTheFirstToStop() throws IOException {
    Together.run(
        2,
        group -> {
          String result =
              group.onFirst(
                  () -> {
                    while (!group.stopAsked()) {
                      Thread.onSpinWait();
                    }
                    return "stopped";
                  },
                  () -> true);
          assertThat(result).isEqualTo("stopped");
        });
  }

  /** Of rank r: 6 r, 6 r + 1, …, 6 r + 5. */
  private static Tensor numbers(ProcessGroup group) {
    double[] values = new double[6];
    for (int i = 0; i < values.length; i++) {
      values[i] = 6 * group.rank() + i;
    }
    return Torch.of(values, values.length);
  }

  @Test
  void tensorsAreSummedGatheredAndSent() throws IOException {
    Together.run(
        3,
        group -> {
          try (PointerScope scope = new PointerScope()) {
            Tensor sums = numbers(group);
            group.sumInBackground(sums).await();
            assertThat(Torch.doubles(sums)).containsExactly(18, 21, 24, 27, 30, 33);

            Tensor parts = numbers(group);
            group.sumPartInBackground(parts).await();
            assertThat(Torch.doubles(parts.narrow(0, 2 * group.rank(), 2)))
                .containsExactly(18 + 6 * group.rank(), 21 + 6 * group.rank());

            Tensor gathered = numbers(group);
            group.gatherPartsInBackground(gathered).await();
            assertThat(Torch.doubles(gathered)).containsExactly(0, 1, 8, 9, 16, 17);

            Tensor turned = numbers(group).view(2, 3).t();
            group.broadcast(List.of(turned));
            assertThat(Torch.doubles(turned)).containsExactly(0, 3, 1, 4, 2, 5);

            Tensor passed = numbers(group);
            if (group.rank() == 2) {
              group.send(passed, 0);
            } else if (group.isFirst()) {
              group.receive(passed, 2);
              assertThat(Torch.doubles(passed)).containsExactly(12, 13, 14, 15, 16, 17);
            }
          }
        });
  }

  @Test
  void oneThatFailsEndsWhatTheOthersWaitFor() throws IOException {
    List<Optional<Throwable>> failures =
        Together.failures(
            3,
            group -> {
              if (group.rank() == 2) {
                throw new DsVlmException("broken");
              }
              group.report(() -> "");
              group.onFirst(() -> "");
            });
    for (int waiting = 0; waiting < 2; waiting++) {
      assertThat(message(failures.get(waiting)))
          .startsWith("rank 2 of 3 (process ")
          .endsWith(" has failed: broken");
    }
  }

  @Test
  void oneThatEndsTooEarlyIsNamed() throws IOException {
    List<Optional<Throwable>> failures =
        Together.failures(
            2,
            group -> {
              if (group.isFirst()) {
                group.report(() -> "");
              }
            });
    assertThat(message(failures.get(0)))
        .matches("rank 1 of 2 \\(process .*\\) has ended, though rank 0 of 2 .* waits for it");
  }

  @Test
  void aMissingLibraryOfTheGpusShowsWhenTheyAreConnected() throws IOException {
    Assumptions.assumeTrue(Devices.usable().equals(List.of("cpu")), "a GPU is here");
    Together.run(2, group -> group.connect("cpu"));
    for (Optional<Throwable> failure : Together.failures(2, group -> group.connect("cuda:0"))) {
      // Of two that fail, either may hear of the other first.
      assertThat(message(failure)).contains("NCCL, which joins the GPUs", "LD_LIBRARY_PATH");
    }
  }

  /** As NCCL may for half an hour. */
  @Test
  void nativeCodeThatWaitsEndsWithALostProcess() throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    List<Optional<Throwable>> failures =
        Together.failures(
            2,
            group -> {
              if (group.isFirst()) {
                group.untilLoss("waits", () -> awaitUninterruptibly(never));
              }
              throw new IllegalStateException("no such GPU");
            });
    never.countDown();
    assertThat(message(failures.get(0)))
        .startsWith("rank 1 of 2 (process ")
        .endsWith(" has failed: no such GPU");
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Gloo alone would wait for its peer for half an hour. */
  @Test
  void oneThatIsLostWhileTheOthersConnectIsNamed() throws IOException {
    int port = Together.freePort();
    CompletableFuture<ProcessGroup> first =
        CompletableFuture.supplyAsync(
            () -> ProcessGroup.join(new Launch(0, 2, 0, 1, "127.0.0.1", port, false)),
            Executors.newSingleThreadExecutor());
    Launch launch = new Launch(1, 2, 0, 1, "127.0.0.1", port, false);
    try (PointerScope scope = new PointerScope();
        ControlChannel second = Rendezvous.meet(launch, Rendezvous.store(launch))) {
      second.failed("no such interface");
    }
    assertThatThrownBy(first::join)
        .hasRootCauseInstanceOf(DsVlmException.class)
        .rootCause()
        .hasMessageStartingWith("rank 1 of 2 (process ")
        .hasMessageEndingWith(" has failed: no such interface");
  }

  @Test
  @Closes(ProcessGroup.class)
  void aClosedGroupSaysSo() throws IOException {
    Queue<ProcessGroup> groups = new ConcurrentLinkedQueue<>();
    Together.run(2, groups::add);
    try (PointerScope scope = new PointerScope()) {
      Tensor numbers = Torch.of(new double[] {1, 2}, 2);
      for (ProcessGroup group : groups) {
        Closed.saysSo(
            group,
            () -> group.onFirst(() -> ""),
            () -> group.firstBeforeOthers(() -> ""),
            () -> group.report(() -> ""),
            () -> group.sum("cpu", 1),
            () -> group.broadcast(List.of(numbers)),
            () -> group.sumInBackground(numbers),
            () -> group.sumPartInBackground(numbers),
            () -> group.gatherPartsInBackground(numbers),
            () -> group.send(numbers, 0),
            () -> group.receive(numbers, 0));
      }
    }
    assertThat(groups).hasSize(2);
  }
}
