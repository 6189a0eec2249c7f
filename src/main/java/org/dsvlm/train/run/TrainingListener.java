/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

/** Follows a training run, for progress bars and logs. */
public interface TrainingListener {
  /** A stage begins at {@code done} of {@code total} steps. */
  void stageStarted(int stage, long done, long total);

  /** A step is done and on record. */
  void stepDone(StepMetrics metrics);

  /** The instruments have read the model after the step of {@code metrics}. */
  default void measured(StepMetrics metrics, Measurement measurement) {}

  /** A stage has ended, or the run stops within it. */
  void stageEnded(int stage);

  /** Both this one and {@code next}, in this order. */
  default TrainingListener and(TrainingListener next) {
    TrainingListener first = this;
    return new TrainingListener() {
      @Override
      public void stageStarted(int stage, long done, long total) {
        first.stageStarted(stage, done, total);
        next.stageStarted(stage, done, total);
      }

      @Override
      public void stepDone(StepMetrics metrics) {
        first.stepDone(metrics);
        next.stepDone(metrics);
      }

      @Override
      public void measured(StepMetrics metrics, Measurement measurement) {
        first.measured(metrics, measurement);
        next.measured(metrics, measurement);
      }

      @Override
      public void stageEnded(int stage) {
        first.stageEnded(stage);
        next.stageEnded(stage);
      }
    };
  }

  /** A listener that does nothing. */
  TrainingListener NONE =
      new TrainingListener() {
        @Override
        public void stageStarted(int stage, long done, long total) {}

        @Override
        public void stepDone(StepMetrics metrics) {}

        @Override
        public void stageEnded(int stage) {}
      };
}
