/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.dsvlm.train.run.StepMetrics;
import org.junit.jupiter.api.Test;

class TrainingProgressTest {
  private final StringWriter err = new StringWriter();
  private final TrainingProgress progress = new TrainingProgress(false, new PrintWriter(err, true));

  private static StepMetrics step(long step, double loss, Map<String, Double> losses) {
    return new StepMetrics(step, 2, losses, loss, 1e-3, 1, 0, 8, 0.5, 1L << 30, Map.of(), Map.of());
  }

  @Test
  void aLossKeepsItsAverageOverStepsWithoutIt() {
    progress.stageStarted(2, 0, 3);
    progress.stepDone(step(1, 5, Map.of("reconstruction", 5.0)));
    progress.stepDone(step(2, 1, Map.of("language", 1.0)));
    progress.stepDone(step(3, 15, Map.of("reconstruction", 15.0)));
    progress.stageEnded(2);
    assertThat(err.toString())
        .contains("stage 2: 3 steps")
        .contains("stage 2 3/3, reconstruction 6.0000, language 1.0000, 16.0 samples/s, 1.00 GiB");
  }

  @Test
  void aSkippedStepIsReportedAndCountsInNoAverage() {
    progress.stageStarted(1, 4, 6);
    progress.stepDone(step(5, Double.NaN, Map.of("language", Double.NaN)));
    progress.stepDone(step(6, 2, Map.of("language", 2.0)));
    assertThat(err.toString())
        .contains("stage 1: 2 steps")
        .contains("stage 2 5/6: skipped, loss NaN, gradient norm 1.0")
        .contains("stage 2 6/6, language 2.0000, ");
  }
}
