/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CosineWithWarmupTest {
  @Test
  void risesFromZeroAndFallsToZero() {
    CosineWithWarmup schedule = new CosineWithWarmup(4, 20);
    assertThat(schedule.factor(0)).isZero();
    assertThat(schedule.factor(1)).isEqualTo(0.25);
    assertThat(schedule.factor(4)).isEqualTo(1);
    assertThat(schedule.factor(12)).isCloseTo(0.5, within(1e-15));
    assertThat(schedule.factor(20)).isZero();
  }

  @Test
  void roundsTheWarmupUp() {
    assertThat(CosineWithWarmup.ofRatio(0.03, 50).warmupSteps()).isEqualTo(2);
    assertThat(CosineWithWarmup.ofRatio(0, 50).factor(0)).isEqualTo(1);
  }
}
