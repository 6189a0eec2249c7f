/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

/** What each process keeps its part of alone (Rajbhandari et al. 2020, "ZeRO"). */
public enum Sharding {
  /** Nothing: every process has all of it. */
  NOTHING,

  /** The optimizer's state. */
  OPTIMIZER,

  /** The optimizer's state, and the gradients' sums over micro batches and processes. */
  GRADIENTS;

  /** That of ZeRO's stage {@code zero}, from 0 to 2. */
  public static Sharding ofZero(int zero) {
    return values()[zero];
  }
}
