/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LossScheduleTest {
  @Test
  void constantByDefault() {
    for (long step = 0; step < 10; step++) {
      assertThat(LossSchedule.CONSTANT.factor(step, 10)).isEqualTo(1);
    }
  }

  /** Rises in four steps to 2, goes to half of that over ten. */
  @ParameterizedTest
  @CsvSource({"0, 0.5", "1, 0.95", "3, 1.7", "4, 1.6", "9, 1.1"})
  void risesAndDecays(long step, double expected) {
    assertThat(new LossSchedule(2, 4, 0.5).factor(step, 10)).isCloseTo(expected, within(1e-12));
  }

  @Test
  void namesWhatIsImpossible() {
    assertThatThrownBy(() -> new LossSchedule(-1, 0, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("weight");
    assertThatThrownBy(() -> new LossSchedule(1, -1, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("warmup_steps");
    assertThatThrownBy(() -> new LossSchedule(1, 0, Double.NaN))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("decay_to");
  }
}
