/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Test;

class CallsTest {
  private final AtomicInteger freed = new AtomicInteger();
  private final Calls calls = new Calls("the thing", freed::incrementAndGet);

  @Test
  void closingWaitsForCallsInFlightAndRefusesLaterOnes() throws Exception {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    CompletableFuture<Integer> call =
        CompletableFuture.supplyAsync(
            () ->
                calls.run(
                    () -> {
                      began.countDown();
                      join(mayEnd);
                      // A call from within a call is none of the later ones.
                      return calls.run(freed::get);
                    }));
    began.await();
    Thread closing = new Thread(calls::close);
    closing.start();
    while (closing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(() -> calls.run(() -> 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("the thing is closed; open it again");
    assertThat(freed).hasValue(0);
    mayEnd.countDown();
    assertThat(call.join()).isZero();
    closing.join();
    assertThat(freed).hasValue(1);
    calls.close();
    assertThat(freed).hasValue(1);
  }

  @Test
  void closingFromWithinACallFreesAtItsEnd() {
    int during =
        calls.run(
            () -> {
              calls.close();
              return freed.get();
            });
    assertThat(during).isZero();
    assertThat(freed).hasValue(1);
  }

  @Test
  void aFailedCallIsNoLongerInFlight() {
    assertThatThrownBy(
            () ->
                calls.run(
                    () -> {
                      throw new IllegalStateException("failed");
                    }))
        .hasMessage("failed");
    calls.close();
    assertThat(freed).hasValue(1);
  }

  private static void join(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @Closes(Calls.class)
  void closedTwiceItSaysSoAndFreesOnce() {
    Closed.saysSo(calls, () -> calls.run(() -> 1));
    assertThat(freed).hasValue(1);
  }
}
