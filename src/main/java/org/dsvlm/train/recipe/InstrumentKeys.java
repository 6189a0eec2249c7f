/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

/**
 * Figures that show whether the supervision teaches.
 *
 * @param enabled whether they are measured
 * @param everySteps between two measurements; 0: as few as keep within their share of the time
 * @param records with a picture that are measured on
 * @param timesteps at which each of them is reconstructed
 */
public record InstrumentKeys(boolean enabled, long everySteps, int records, int timesteps) {
  public InstrumentKeys {
    Recipe.requireNotNegative("every_steps", everySteps);
    Recipe.require(records > 1, "records has to be above 1, not " + records);
    Recipe.requirePositive("timesteps", timesteps);
  }
}
