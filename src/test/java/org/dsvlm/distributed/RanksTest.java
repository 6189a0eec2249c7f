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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RanksTest {
  private static String message(Optional<Throwable> failure) {
    return failure.orElseThrow().getMessage();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void sumsNumbersOfAll(int size) throws IOException {
    Together.run(
        size,
        ranks -> {
          double infinite = ranks.isFirst() ? Double.POSITIVE_INFINITY : 1;
          double none = ranks.rank() == size - 1 ? Double.NaN : 1;
          assertThat(ranks.sum(0.1, ranks.rank(), infinite, none))
              .containsExactly(
                  size == 1 ? 0.1 : 0.1 + 0.1 + 0.1,
                  size == 1 ? 0 : 3,
                  Double.POSITIVE_INFINITY,
                  Double.NaN);
          assertThat(ranks.sum()).isEmpty();
          assertThat(ranks.any(ranks.rank() == size - 1)).isTrue();
          assertThat(ranks.any(false)).isFalse();
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void theFirstWorksAloneAndReadsTheReportsOfAll(int size) throws IOException {
    AtomicBoolean done = new AtomicBoolean();
    Together.run(
        size,
        ranks -> {
          assertThat(ranks.onFirst(() -> "of rank " + ranks.rank())).isEqualTo("of rank 0");
          boolean doneBefore = ranks.firstBeforeOthers(() -> done.getAndSet(true));
          assertThat(doneBefore).isEqualTo(!ranks.isFirst());
          List<String> reports = ranks.report(() -> "line\n" + ranks.rank());
          assertThat(reports)
              .isEqualTo(
                  ranks.isFirst()
                      ? List.of("line\n0", "line\n1", "line\n2").subList(0, size)
                      : List.of());
        });
  }

  @Test
  void oneThatWaitsCanAskTheFirstToStop() throws IOException {
    Together.run(
        2,
        ranks -> {
          String result =
              ranks.onFirst(
                  () -> {
                    while (!ranks.stopAsked()) {
                      Thread.onSpinWait();
                    }
                    return "stopped";
                  },
                  () -> true);
          assertThat(result).isEqualTo("stopped");
        });
  }

  /** Of rank r: 6 r, 6 r + 1, …, 6 r + 5. */
  private static Tensor numbers(Ranks ranks) {
    double[] values = new double[6];
    for (int i = 0; i < values.length; i++) {
      values[i] = 6 * ranks.rank() + i;
    }
    return Torch.of(values, values.length);
  }

  @Test
  void tensorsAreSummedGatheredAndSent() throws IOException {
    Together.run(
        3,
        ranks -> {
          try (PointerScope scope = new PointerScope()) {
            Tensor sums = numbers(ranks);
            ranks.sumInBackground(sums).await();
            assertThat(Torch.doubles(sums)).containsExactly(18, 21, 24, 27, 30, 33);

            Tensor parts = numbers(ranks);
            ranks.sumPartInBackground(parts).await();
            assertThat(Torch.doubles(parts.narrow(0, 2 * ranks.rank(), 2)))
                .containsExactly(18 + 6 * ranks.rank(), 21 + 6 * ranks.rank());

            Tensor gathered = numbers(ranks);
            ranks.gatherPartsInBackground(gathered).await();
            assertThat(Torch.doubles(gathered)).containsExactly(0, 1, 8, 9, 16, 17);

            Tensor turned = numbers(ranks).view(2, 3).t();
            ranks.broadcast(List.of(turned));
            assertThat(Torch.doubles(turned)).containsExactly(0, 3, 1, 4, 2, 5);

            Tensor passed = numbers(ranks);
            if (ranks.rank() == 2) {
              ranks.send(passed, 0);
            } else if (ranks.isFirst()) {
              ranks.receive(passed, 2);
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
            ranks -> {
              if (ranks.rank() == 2) {
                throw new DsVlmException("broken");
              }
              ranks.report(() -> "");
              ranks.onFirst(() -> "");
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
            ranks -> {
              if (ranks.isFirst()) {
                ranks.report(() -> "");
              }
            });
    assertThat(message(failures.get(0)))
        .matches("rank 1 of 2 \\(process .*\\) has ended, though rank 0 of 2 .* waits for it");
  }

  /** Gloo alone would wait for its peer for half an hour. */
  @Test
  void oneThatIsLostWhileTheOthersConnectIsNamed() throws IOException {
    int port = Together.freePort();
    CompletableFuture<Ranks> first =
        CompletableFuture.supplyAsync(
            () -> Ranks.join(new Launch(0, 2, 0, 1, "127.0.0.1", port, false)),
            Executors.newSingleThreadExecutor());
    Launch launch = new Launch(1, 2, 0, 1, "127.0.0.1", port, false);
    try (PointerScope scope = new PointerScope();
        RankLink second = Rendezvous.meet(launch, Rendezvous.store(launch))) {
      second.failed("no such interface");
    }
    assertThatThrownBy(first::join)
        .hasRootCauseInstanceOf(DsVlmException.class)
        .rootCause()
        .hasMessageStartingWith("rank 1 of 2 (process ")
        .hasMessageEndingWith(" has failed: no such interface");
  }
}
