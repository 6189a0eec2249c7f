/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import org.dsvlm.supervision.ConditionUse;
import org.dsvlm.train.recipe.InstrumentKeys;
import org.dsvlm.train.recipe.Recipe;

/**
 * The steps of a stage after which the instruments read the model: every n-th one, and the last.
 * Where the recipe names no n, it follows from the recipe alone, so that a resumed run measures
 * after the same steps on any machine.
 *
 * @param everySteps 0: never
 * @param stepsBefore of other stages
 * @param total steps of the stage
 */
public record InstrumentSchedule(long everySteps, long stepsBefore, long total) {
  /** Share of a stage's time that the instruments may take. */
  static final double LARGEST_SHARE = 0.02;

  /**
   * Passes of one picture through the diffusion model, without gradients, that take as long as a
   * record in a training step at the least: measured 2.6 in the recipe {@code nano}. A step has the
   * same pass with its backward and the language model's, but of more pictures at a time.
   */
  static final double PASSES_PER_RECORD = 2.5;

  /**
   * Share of a step that encoding its pictures once more for each loss takes, with the backward
   * passes.
   */
  static final double ENCODER_PASSES = 0.2;

  /** The schedule of a stage of {@code total} steps after {@code stepsBefore} of other stages. */
  public static InstrumentSchedule of(Recipe recipe, int stage, long stepsBefore, long total) {
    InstrumentKeys settings = recipe.instruments();
    if (!settings.enabled() || settings.everySteps() > 0) {
      return new InstrumentSchedule(
          settings.enabled() ? settings.everySteps() : 0, stepsBefore, total);
    }
    double passes =
        settings.records()
            * settings.timesteps()
            * ConditionUse.passes(recipe.supervisionConfig().features().size());
    double step = PASSES_PER_RECORD * recipe.stage(stage).batchSize();
    double steps = (passes / step + ENCODER_PASSES) / LARGEST_SHARE;
    return new InstrumentSchedule((long) Math.ceil(steps), stepsBefore, total);
  }

  /** Whether they are read after the step before which {@code stageStep} steps were done. */
  boolean isDue(long stageStep) {
    return everySteps > 0 && ((stageStep + 1) % everySteps == 0 || isLast(stageStep));
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
