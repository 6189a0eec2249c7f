/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleTest {
  @Test
  void ticksAreRoundNumbersWithinTheAxis() {
    assertThat(new Scale(0, 1.15, 0, 1, false).ticks())
        .usingComparatorForType((a, b) -> Math.abs(a - b) < 1e-9 ? 0 : 1, Double.class)
        .containsExactly(0.0, 0.2, 0.4, 0.6, 0.8, 1.0);
    assertThat(new Scale(1, 100_000, 0, 1, false).ticks())
        .containsExactly(20_000.0, 40_000.0, 60_000.0, 80_000.0, 100_000.0);
    assertThat(new Scale(0.9, 30, 0, 1, true).ticks()).containsExactly(1.0, 2.0, 5.0, 10.0, 20.0);
    assertThat(new Scale(1e-9, 1e9, 0, 1, true).ticks()).hasSizeBetween(4, 8);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "3, 3", "-2, -2", "0, 7", "1e-9, 2e-9", "-5, 5"})
  void thereIsRoomAroundTheValues(double lowest, double highest) {
    Scale scale = Scale.around(lowest, highest, 200, 0, false);
    assertThat(scale.at(lowest)).isBetween(0.0, 200.0);
    assertThat(scale.at(highest)).isBetween(0.0, 200.0);
    assertThat(scale.ticks()).hasSizeBetween(2, 8);
  }

  @Test
  void equalFactorsAreEqualDistances() {
    Scale scale = new Scale(1, 100, 0, 10, true);
    assertThat(scale.at(10)).isCloseTo(5, within(1e-12));
    assertThat(Scale.around(4, 4, 0, 10, true).at(4)).isCloseTo(5, within(1e-12));
  }
}
