/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CurveTest {
  private static final double NAN = Double.NaN;

  @Test
  void aPointStandsForStepsInARow() {
    Curve curve = Curve.of("c", new double[] {1, 2, 3, 4, 5}, new double[] {4, 2, NAN, 1, 9}, 2);
    assertThat(curve.steps()).containsExactly(2, 5);
    assertThat(curve.mean()).containsExactly(3, 5);
    assertThat(curve.low()).containsExactly(2, 1);
    assertThat(curve.high()).containsExactly(4, 9);
    assertThat(curve.hasRange()).isTrue();
  }

  @Test
  void fewStepsArePointsOfTheirOwn() {
    Curve curve = Curve.of("c", new double[] {1, 2}, new double[] {4, NAN}, 300);
    assertThat(curve.mean()).containsExactly(4, NAN);
    assertThat(curve.hasRange()).isFalse();
    assertThat(curve.isEmpty()).isFalse();
    assertThat(Curve.of("c", new double[] {1}, new double[] {NAN}, 300).isEmpty()).isTrue();
    assertThat(Curve.of("c", new double[0], new double[0], 300).points()).isZero();
  }

  @Test
  void theRunningAverageBeginsAnewAtAStage() {
    Curve curve = Curve.of("c", new double[] {1, 2, 3, 4}, new double[] {4, 1, 8, NAN}, 300);
    assertThat(curve.smoothed(0.5, new double[] {3})).containsExactly(4, 2, 8, NAN);
    assertThat(curve.smoothed(0.5, new double[0])[2]).isEqualTo((4 * 0.25 + 0.5 + 8) / 1.75);
  }
}
