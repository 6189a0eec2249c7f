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
  static Effort of(boolean quick) {
    return quick ? new Effort(2, 1, 3, 0.5) : new Effort(5, 3, 5, 1);
  }

  Effort withRounds(int rounds) {
    return new Effort(rounds, warmups, iterations, seconds);
  }
}
