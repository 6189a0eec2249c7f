/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import org.dsvlm.train.recipe.InstrumentKeys;

/**
 * The steps of a stage after which the instruments read the model: the last, and every n-th one.
 * Where the recipe names no n, they read as often as an {@link InstrumentBudget} allows.
 *
 * @param everySteps 0: never, or as often as the budget allows
 * @param withinShare whether the budget decides
 * @param stepsBefore of other stages
 * @param total steps of the stage
 */
record InstrumentSchedule(long everySteps, boolean withinShare, long stepsBefore, long total) {
  /** Steps between two questions to the budget: several processes have to agree on the answer. */
  private static final long STEPS_TO_QUESTION = 5;

  /** The schedule of a stage of {@code total} steps after {@code stepsBefore} of other stages. */
  static InstrumentSchedule of(InstrumentKeys settings, long stepsBefore, long total) {
    long every = settings.enabled() ? settings.everySteps() : 0;
    return new InstrumentSchedule(every, settings.withinShare(), stepsBefore, total);
  }

  /** Whether they are read after the step before which {@code stageStep} steps were done. */
  boolean isDue(long stageStep) {
    return isLast(stageStep)
        ? withinShare || everySteps > 0
        : everySteps > 0 && (stageStep + 1) % everySteps == 0;
  }

  /** Whether they are read then if the budget allows it. */
  boolean isOptional(long stageStep) {
    return withinShare && !isLast(stageStep) && (stageStep + 1) % STEPS_TO_QUESTION == 0;
  }

  /** Whether the budget is asked in this stage. */
  boolean hasOptional() {
    return withinShare && total > STEPS_TO_QUESTION;
  }

  /** Whether that is the stage's last step. */
  boolean isLast(long stageStep) {
    return stageStep + 1 == total;
  }

  /** Number of the step among those of stages 1 and 2, from 1. */
  long step(long stageStep) {
    return stepsBefore + stageStep + 1;
  }
}
