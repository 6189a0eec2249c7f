/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.dsvlm.train.recipe.InstrumentKeys;
import org.junit.jupiter.api.Test;

/** Runs on a clock of their own: a step takes a second. */
class InstrumentBudgetTest {
  private static final double MOST = InstrumentKeys.LARGEST_SHARE;
  private static final InstrumentKeys KEYS = new InstrumentKeys(true, 0, 4, 4, 256);

  private double now;
  private double spent;
  private final InstrumentBudget budget = new InstrumentBudget(() -> Math.round(now * 1e9));

  private void spend(double seconds) {
    now += seconds;
    spent += seconds;
    budget.spend(seconds);
  }

  private double share() {
    return spent / now;
  }

  /**
   * Runs a stage.
   *
   * @param foreseen time of a reading
   * @param reading what it takes
   * @return the steps after which the model was read, from 1
   */
  private List<Long> stage(long steps, double foreseen, double reading, double probe) {
    InstrumentSchedule schedule = InstrumentSchedule.of(KEYS, 0, steps);
    List<Long> read = new ArrayList<>();
    budget.stageStarted();
    for (long step = 0; step < steps; step++) {
      boolean due =
          schedule.isDue(step) || schedule.isOptional(step) && budget.allows(steps - step);
      now += 1;
      budget.stepDone();
      if (due) {
        spend(reading);
        budget.reading(reading);
        read.add(step + 1);
      }
      if (schedule.isLast(step)) {
        spend(probe);
        budget.probe(probe);
      }
      if (!budget.knowsReading()) {
        budget.reading(foreseen);
      }
    }
    budget.stageEnded();
    return read;
  }

  @Test
  void theModelIsReadAsOftenAsTheShareAllows() {
    List<Long> read = stage(1000, 3, 3, 1);
    assertThat(read).hasSize(6).contains(150L, 1000L);
    assertThat(share()).isBetween(0.75 * MOST, MOST);
  }

  @Test
  void aReadingThatTakesLongerThanForeseenIsMadeUpFor() {
    List<Long> read = stage(5000, 1, 20, 1);
    assertThat(read).startsWith(50L).endsWith(5000L).hasSizeBetween(3, 5);
    assertThat(share()).isBetween(0.75 * MOST, MOST);
  }

  /** What is left for the last reading allows no other. */
  @Test
  void theLastStepsReadingIsKeptFor() {
    assertThat(stage(200, 3, 3, 0.5)).containsExactly(200L);
    assertThat(share()).isLessThanOrEqualTo(MOST);
  }

  /** Each stage is read at its end, whatever that costs; the next one has the less. */
  @Test
  void aShortStageIsReadAtItsEndAndTheNextOnePaysForIt() {
    assertThat(stage(20, 3, 3, 1)).containsExactly(20L);
    assertThat(share()).isGreaterThan(MOST);
    List<Long> read = stage(1000, 3, 3, 1);
    assertThat(read.get(0)).isGreaterThan(300);
    assertThat(share()).isBetween(0.75 * MOST, MOST);
  }

  @Test
  void theRecipesOwnStepsDoNotAskTheBudget() {
    InstrumentSchedule schedule =
        InstrumentSchedule.of(new InstrumentKeys(true, 2, 4, 4, 256), 0, 5);
    List<Boolean> due = new ArrayList<>();
    for (long step = 0; step < 5; step++) {
      due.add(schedule.isDue(step));
      assertThat(schedule.isOptional(step)).isFalse();
    }
    assertThat(due).containsExactly(false, true, false, true, true);
    InstrumentSchedule never = InstrumentSchedule.of(new InstrumentKeys(false, 0, 4, 4, 256), 0, 5);
    assertThat(never.isDue(4)).isFalse();
    assertThat(never.isOptional(4)).isFalse();
  }
}
