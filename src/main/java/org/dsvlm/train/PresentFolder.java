/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.StepMetrics;
import org.dsvlm.train.run.TrainingListener;

/** Ends a run whose folder is gone: nothing that it goes on to compute could be kept. */
record PresentFolder(RunFolder folder) implements TrainingListener {
  @Override
  public void stageStarted(int stage, long done, long total) {
    folder.requireThere();
  }

  @Override
  public void stepDone(StepMetrics metrics) {
    folder.requireThere();
  }

  @Override
  public void stageEnded(int stage) {
    folder.requireThere();
  }
}
