/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.Figure;
import org.dsvlm.eval.Unit;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final Figure PERCENT = Benchmarks.named("mmstar").figure();

  private static List<Unit> units(int count, IntPredicate hit) {
    return IntStream.range(0, count)
        .mapToObj(
            i -> new Unit("u" + i, List.of(), Map.of("", new Unit.Share(hit.test(i) ? 1 : 0, 1))))
        .toList();
  }

  @Test
  void theIntervalHasTheWidthOfTheNormalApproximation() {
    int count = 400;
    // One unit in four is gained, one in eight lost.
    Bootstrap.Interval interval =
        Bootstrap.compare(PERCENT, units(count, i -> i % 8 == 0), units(count, i -> i % 4 == 1));
    double mean = 1.0 / 4 - 1.0 / 8;
    double error = 100 * Math.sqrt((3.0 / 8 - mean * mean) / count);
    assertThat(interval.difference()).isCloseTo(100 * mean, within(1e-9));
    assertThat(interval.low()).isCloseTo(100 * mean - 1.96 * error, within(0.5));
    assertThat(interval.high()).isCloseTo(100 * mean + 1.96 * error, within(0.5));
    assertThat(interval.isMoreThanChance()).isTrue();
  }

  @Test
  void modelsThatAreAlikeSeldomDifferByMoreThanChance() {
    Random random = new Random(1);
    int found = 0;
    int pairs = 60;
    for (int pair = 0; pair < pairs; pair++) {
      List<Unit> one = units(100, i -> random.nextBoolean());
      List<Unit> other = units(100, i -> random.nextBoolean());
      found += Bootstrap.compare(PERCENT, one, other).isMoreThanChance() ? 1 : 0;
    }
    // 3 are expected of 60; 10 or more have a chance of one in a thousand.
    assertThat(found).isLessThan(10);
  }

  @Test
  void unitsOfAnotherKindAreDrawnAmongThemselves() {
    Figure mme = Benchmarks.named("mme").figure();
    List<Unit> first = new ArrayList<>();
    List<Unit> second = new ArrayList<>();
    for (String category : List.of("OCR", "count")) {
      for (int i = 0; i < 2; i++) {
        first.add(new Unit(category + i, List.of(), Map.of(category, new Unit.Share(0, 2))));
        second.add(new Unit(category + i, List.of(), Map.of(category, new Unit.Share(1, 2))));
      }
    }
    Bootstrap.Interval interval = Bootstrap.compare(mme, first, second);
    assertThat(interval.low()).isEqualTo(100);
    assertThat(interval.high()).isEqualTo(100);
  }
}
