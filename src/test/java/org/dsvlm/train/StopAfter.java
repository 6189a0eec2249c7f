/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import org.dsvlm.train.run.StepMetrics;
import org.dsvlm.train.run.TrainingListener;

/** Ends a run by an exception after a step of stages 1 and 2. */
public final class StopAfter implements TrainingListener {
  /** The exception that ends the run. */
  public static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final long lastStep;

  public StopAfter(long lastStep) {
    this.lastStep = lastStep;
  }

  @Override
  public void stageStarted(int stage, long done, long total) {}

  @Override
  public void stepDone(StepMetrics metrics) {
    if (metrics.stage() > 0 && metrics.step() == lastStep) {
      throw new Stopped();
    }
  }

  @Override
  public void stageEnded(int stage) {}
}
