/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.optim;

/**
 * Learning-rate factor of every step: linear warm-up from 0 to 1, then half a cosine down to 0. The
 * first step has factor 0, as in {@code get_cosine_schedule_with_warmup} of transformers.
 *
 * @param warmupSteps steps until the factor is 1
 * @param totalSteps steps until the factor is 0
 */
public record CosineWithWarmup(long warmupSteps, long totalSteps) {
  /** A schedule whose warm-up is {@code ratio} of all steps, rounded up. */
  public static CosineWithWarmup ofRatio(double ratio, long totalSteps) {
    return new CosineWithWarmup((long) Math.ceil(ratio * totalSteps), totalSteps);
  }

  /** Factor for the learning rate of {@code step}, counted from 0. */
  public double factor(long step) {
    if (step < warmupSteps) {
      return (double) step / Math.max(1, warmupSteps);
    }
    double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
  }
}
