/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import org.dsvlm.io.DsVlmException;

/**
 * How much a loss counts in the course of a stage: it rises evenly to {@code weight} and then goes
 * evenly to {@code decayTo} times that.
 *
 * @param weight factor beside the loss's own weight; 0: the stage does without this loss
 * @param warmupSteps first steps, in which it rises from weight / warmupSteps
 * @param decayTo the factor that the stage ends with, the warm-up's not counted
 */
public record LossSchedule(double weight, long warmupSteps, double decayTo) {
  /** The same weight throughout. */
  public static final LossSchedule CONSTANT = new LossSchedule(1, 0, 1);

  public LossSchedule {
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new DsVlmException("weight has to be a number from 0 up, not " + weight);
    }
    if (warmupSteps < 0) {
      throw new DsVlmException("warmup_steps has to be 0 or more, not " + warmupSteps);
    }
    if (!(decayTo >= 0) || Double.isInfinite(decayTo)) {
      throw new DsVlmException("decay_to has to be a number from 0 up, not " + decayTo);
    }
  }

  /** The factor at {@code step} of the stage's {@code total}, counted from 0. */
  public double factor(long step, long total) {
    double rise = step < warmupSteps ? (step + 1.0) / warmupSteps : 1;
    double gone = (double) step / Math.max(1, total);
    return weight * rise * (1 + (decayTo - 1) * gone);
  }
}
