/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

/**
 * How long each case is measured.
 *
 * @param rounds times that the two sides take turns
 * @param warmups iterations of a turn that do not count
 * @param iterations iterations of a turn that do
 * @param seconds least length of an iteration
 */
record Effort(int rounds, int warmups, int iterations, double seconds) {
  private static final double STEP_WARMUP_SECONDS = 12;

  static Effort of(boolean quick) {
    return quick ? new Effort(2, 1, 3, 0.5) : new Effort(5, 3, 5, 1);
  }

  /**
   * The same for a case of {@code operation}. A training step calls most of the library: it is
   * warm, on either side, once the virtual machine has compiled that.
   */
  Effort on(Operation operation) {
    if (operation != Operation.TRAINING_STEP) {
      return this;
    }
    int iterationsUntilWarm = (int) Math.ceil(STEP_WARMUP_SECONDS / seconds);
    return new Effort(rounds, Math.max(warmups, iterationsUntilWarm), iterations, seconds);
  }

  Effort withRounds(int rounds) {
    return new Effort(rounds, warmups, iterations, seconds);
  }
}
