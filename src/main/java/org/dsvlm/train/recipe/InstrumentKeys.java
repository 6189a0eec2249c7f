/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

/**
 * Figures that show whether the supervision teaches.
 *
 * @param enabled whether they are measured
 * @param everySteps between two measurements; 0: as often as keeps within their share of the time
 * @param records with a picture that are measured on
 * @param timesteps at which each of them is reconstructed
 * @param probeRecords with labels that the probe of the encoder sees at most
 */
public record InstrumentKeys(
    boolean enabled, long everySteps, int records, int timesteps, int probeRecords) {
  /** Share of a run's time that they take at most, unless the recipe names the steps. */
  public static final double LARGEST_SHARE = 0.02;

  public InstrumentKeys {
    Recipe.requireNotNegative("every_steps", everySteps);
    Recipe.require(records > 1, "records has to be above 1, not " + records);
    Recipe.requirePositive("timesteps", timesteps);
    Recipe.requireNotNegative("probe_records", probeRecords);
  }

  /** Whether the share decides when they are read. */
  public boolean withinShare() {
    return enabled && everySteps == 0;
  }
}
