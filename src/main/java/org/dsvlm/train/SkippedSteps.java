/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.function.LongFunction;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.run.StepMetrics;

/**
 * Counts the steps whose loss or gradient was no finite number. Such a step changes neither the
 * parameters nor the optimizer's state; too many in a row end the run.
 */
final class SkippedSteps {
  private final int maxInARow;
  private final LongFunction<String> lastGood;
  private long total;
  private int inARow;

  /**
   * A count that starts at 0.
   *
   * @param maxInARow the number in a row that ends the run
   * @param lastGood the place from which the run could go on, in words, given the number of the
   *     last step that was not skipped
   */
  SkippedSteps(int maxInARow, LongFunction<String> lastGood) {
    this.maxInARow = maxInARow;
    this.lastGood = lastGood;
  }

  /** Goes on from the counts of a checkpoint. */
  void restore(long totalBefore, int inARowBefore) {
    total = totalBefore;
    inARow = inARowBefore;
  }

  /** Counts a step. */
  void count(boolean skipped) {
    if (skipped) {
      total++;
      inARow++;
    } else {
      inARow = 0;
    }
  }

  /** Steps skipped since the run began. */
  long total() {
    return total;
  }

  /** Steps skipped since the last one that was not. */
  int inARow() {
    return inARow;
  }

  /**
   * Ends the run if {@code last} was one skipped step too many.
   *
   * @throws DsVlmException with that step's loss and gradient norm, and the last good checkpoint
   */
  void stopIfTooMany(StepMetrics last) {
    if (inARow >= maxInARow) {
      throw new DsVlmException(
          "stage "
              + last.stage()
              + ", step "
              + last.step()
              + ": loss "
              + last.loss()
              + ", gradient norm "
              + last.gradientNorm()
              + "; skipped, as "
              + inARow
              + " in a row now, and max_skipped_in_a_row is "
              + maxInARow
              + ". "
              + lastGood.apply(last.step() - inARow)
              + ". Lower the learning rate, or look at the records of these steps");
    }
  }
}
