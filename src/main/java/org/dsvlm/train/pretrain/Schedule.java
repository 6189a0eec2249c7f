/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

/**
 * Learning-rate factor of every step: a linear rise, a plateau, and a linear fall to 0 over the
 * last part. A run whose number of steps is lowered meanwhile needs nothing but its fall.
 *
 * @param steps of the whole training
 */
record Schedule(long steps) {
  private static final double RISE = 0.03;
  private static final double FALL = 0.4;

  /** Factor for the learning rate of {@code step}, counted from 0. */
  double factor(long step) {
    double rising = (step + 1) / Math.max(1, RISE * steps);
    double falling = (steps - step) / Math.max(1, FALL * steps);
    return Math.min(1, Math.min(rising, falling));
  }
}
