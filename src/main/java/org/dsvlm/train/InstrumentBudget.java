/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.function.LongSupplier;
import org.dsvlm.train.recipe.InstrumentKeys;

/**
 * Holds the instruments to their share of a run's time, by what this process has measured of both.
 * The reading after a stage's last step takes place whatever it costs. The others take place if
 * with them the share holds so far, and still holds once the last step has been read as well.
 *
 * <p>Times differ between machines and between two runs, so the steps after which a run is read may
 * differ too. What is trained does not depend on them.
 */
final class InstrumentBudget {
  private static final double NANO = 1e-9;

  private final LongSupplier clock;
  private double earlierStages;
  private double spent;
  private double reading;
  private double probe;
  private long stageStart;
  private long stageSteps;
  private double spentInStage;

  /**
   * One that has spent nothing.
   *
   * @param clock in nanoseconds
   */
  InstrumentBudget(LongSupplier clock) {
    this.clock = clock;
  }

  /** A stage begins. */
  void stageStarted() {
    stageStart = clock.getAsLong();
    stageSteps = 0;
    spentInStage = 0;
  }

  /** It ends. */
  void stageEnded() {
    earlierStages += stageSeconds();
  }

  /** A step is done. */
  void stepDone() {
    stageSteps++;
  }

  /** The instruments took {@code seconds}. */
  void spend(double seconds) {
    spent += seconds;
    spentInStage += seconds;
  }

  /** Whether it is known, or foreseen, what a reading takes. */
  boolean knowsReading() {
    return reading > 0;
  }

  /** A reading takes {@code seconds}. */
  void reading(double seconds) {
    reading = seconds;
  }

  /** The probe after a stage's last step takes {@code seconds} beside the reading. */
  void probe(double seconds) {
    probe = seconds;
  }

  /** Seconds of a step of the stage on the average, without the instruments. */
  double stepSeconds() {
    return (stageSeconds() - spentInStage) / stageSteps;
  }

  /**
   * Whether a reading keeps to the share after the next step.
   *
   * @param left steps of the stage that are to be done, the next one included
   */
  boolean allows(long left) {
    if (!knowsReading() || stageSteps == 0) {
      return false;
    }
    double now = earlierStages + stageSeconds();
    double atEnd = reading + probe;
    return keeps(spent + reading, now + stepSeconds() + reading)
        && keeps(spent + reading + atEnd, now + left * stepSeconds() + reading + atEnd);
  }

  private static boolean keeps(double instruments, double all) {
    return instruments <= InstrumentKeys.LARGEST_SHARE * all;
  }

  private double stageSeconds() {
    return (clock.getAsLong() - stageStart) * NANO;
  }
}
