/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.tensor.MemoryFigures;

/**
 * The steps of one stage: gradients by the stage's own body, then clipping, update, metrics. One
 * scope a step frees all that the step made.
 */
final class StageLoop {
  /** Forward and backward passes of one step; leaves the gradients at the parameters. */
  @FunctionalInterface
  interface Body {
    /** stageStep: steps of this stage done before. */
    StepLosses run(long stageStep);
  }

  /** What follows a step that is done and on record: a checkpoint, perhaps. */
  @FunctionalInterface
  interface AfterStep {
    /** stageStep: steps of this stage done, this one included. */
    void done(long stageStep);
  }

  private final int stage;
  private final long stepsBefore;
  private final AdamW optimizer;
  private final CosineWithWarmup schedule;
  private final double maxGradNorm;

  /** A loop of {@code stage}, before which {@code stepsBefore} steps were counted. */
  StageLoop(
      int stage, long stepsBefore, AdamW optimizer, CosineWithWarmup schedule, double maxGradNorm) {
    this.stage = stage;
    this.stepsBefore = stepsBefore;
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.maxGradNorm = maxGradNorm;
  }

  /** Runs the steps from {@code first} to the schedule's end. */
  void run(long first, Body body, MetricsLog log, TrainingListener listener, AfterStep after) {
    listener.stageStarted(stage, first, schedule.totalSteps());
    for (long step = first; step < schedule.totalSteps(); step++) {
      StepMetrics metrics = step(step, body);
      log.write(metrics);
      listener.stepDone(metrics);
      after.done(step + 1);
    }
    listener.stageEnded(stage);
  }

  private StepMetrics step(long step, Body body) {
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope()) {
      StepLosses losses = body.run(step);
      long number = stepsBefore + step + 1;
      double norm = GradientClipping.clip(optimizer.gradients(), maxGradNorm);
      if (!Double.isFinite(losses.total()) || !Double.isFinite(norm)) {
        throw new DsVlmException(
            "stage "
                + stage
                + ", step "
                + number
                + ": loss "
                + losses.total()
                + ", gradient norm "
                + norm
                + "; lower the learning rate, or look at this step's records");
      }
      double factor = schedule.factor(step);
      optimizer.step(factor);
      optimizer.zeroGradients();
      return new StepMetrics(
          number,
          stage,
          losses.losses(),
          losses.total(),
          optimizer.groups().get(0).learningRate() * factor,
          norm,
          losses.samples(),
          (System.nanoTime() - start) / 1e9,
          MemoryFigures.residentBytes(),
          losses.details());
    }
  }
}
