/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import org.dsvlm.train.run.Measurement;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.StepMetrics;
import org.dsvlm.train.run.TrainingListener;

/** The steps of one stage, each put on record before what follows it. */
final class StageLoop {
  /** Called after a step is done and recorded, for instance to save a checkpoint. */
  @FunctionalInterface
  interface AfterStep {
    /**
     * Returns whether to go on.
     *
     * @param stageStep steps of this stage done, this one included
     */
    boolean done(long stageStep);
  }

  private final TrainingStep step;
  private final SkippedSteps skipped;
  private LongFunction<Measurement> instruments = stageStep -> Measurement.NONE;
  private BooleanSupplier early = () -> false;

  /**
   * A loop of {@code step}.
   *
   * @param skipped the count that {@code step} adds to
   */
  StageLoop(TrainingStep step, SkippedSteps skipped) {
    this.step = step;
    this.skipped = skipped;
  }

  /**
   * Has {@code instruments} read the model after every step.
   *
   * @param instruments given the steps of the stage done before the step
   */
  StageLoop measuredBy(LongFunction<Measurement> instruments) {
    this.instruments = instruments;
    return this;
  }

  /** Has {@code early} asked before every step whether the stage ends without it. */
  StageLoop endedBy(BooleanSupplier early) {
    this.early = early;
    return this;
  }

  /**
   * Runs the steps from {@code first} to the stage's end, or until {@code after} ends them.
   *
   * @return whether the stage may be followed by what comes next
   * @throws org.dsvlm.io.DsVlmException if too many steps in a row had to be skipped
   */
  boolean run(long first, MetricsLog log, TrainingListener listener, AfterStep after) {
    listener.stageStarted(step.stage(), first, step.total());
    boolean goOn = true;
    for (long done = first; goOn && done < step.total() && !early.getAsBoolean(); done++) {
      StepMetrics metrics = step.run(done);
      Measurement measurement = instruments.apply(done);
      log.write(metrics, measurement);
      listener.stepDone(metrics);
      if (measurement != Measurement.NONE) {
        listener.measured(metrics, measurement);
      }
      skipped.stopIfTooMany(metrics);
      goOn = after.done(done + 1);
    }
    listener.stageEnded(step.stage());
    return goOn;
  }
}
