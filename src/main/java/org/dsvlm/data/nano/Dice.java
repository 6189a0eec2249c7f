/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.ArrayList;
import java.util.List;
import org.dsvlm.tensor.RandomState;

/** Draws one after the other from one {@link RandomState}. */
final class Dice {
  private final RandomState random;
  private long drawn;

  Dice(RandomState random) {
    this.random = random;
  }

  private RandomState next() {
    return random.fork(drawn++);
  }

  /** A number from 0 to {@code bound} − 1. */
  int below(int bound) {
    return (int) next().below(bound);
  }

  /** A number from {@code low} to {@code high}, both included. */
  int between(int low, int high) {
    return low + below(high - low + 1);
  }

  /** True in a share of {@code probability} of all draws. */
  boolean chance(double probability) {
    return next().unit() < probability;
  }

  <T> T pick(List<T> choices) {
    return choices.get(below(choices.size()));
  }

  /** Fisher and Yates's shuffle, of a copy. */
  <T> List<T> shuffled(List<T> items) {
    List<T> result = new ArrayList<>(items);
    for (int last = result.size() - 1; last > 0; last--) {
      int other = below(last + 1);
      T kept = result.get(last);
      result.set(last, result.get(other));
      result.set(other, kept);
    }
    return result;
  }
}
