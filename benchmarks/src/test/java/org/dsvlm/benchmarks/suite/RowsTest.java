/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowsTest {
  @TempDir private Path folder;

  @Test
  void aFileGivesBackWhatWasWritten() {
    Rows rows =
        new Rows(
            Map.of("machine", "a laptop"),
            List.of(RegressionTest.row("a", 2.0), RegressionTest.row("b", null)));
    rows.write(folder.resolve("rows.json"));
    assertThat(Rows.read(folder.resolve("rows.json"))).isEqualTo(rows);
  }

  @Test
  void aFigureIsTheMedianOfTheRoundsMedians() {
    Rows.Figure figure =
        Rows.Figure.of(
            List.of(List.of(1.0, 2.0, 90.0), List.of(3.0, 4.0), List.of(70.0, 80.0, 9.0)), null);
    assertThat(figure.medianMs()).isEqualTo(3.5);
  }

  @Test
  void theRatioIsTheMedianOfTheRoundsRatios() {
    List<List<Double>> ours = List.of(List.of(1.0), List.of(10.0), List.of(1.0));
    List<List<Double>> theirs = List.of(List.of(2.0), List.of(30.0), List.of(2.5));
    assertThat(Comparison.ratio(ours, theirs)).isEqualTo(2.5);
  }

  @Test
  void resultsThatDifferAreReported() {
    assertThat(Comparison.difference(List.of(1.0, 0.0), List.of(1.001, 0.0), "float32")).isEmpty();
    assertThat(Comparison.difference(List.of(1.0, 2.0), List.of(1.0, 2.1), "float32"))
        .contains("result 1 is 2.0 here, 2.1 in PyTorch");
    assertThat(Comparison.difference(List.of(2.0), List.of(2.09), "bfloat16")).isEmpty();
    assertThat(Comparison.difference(List.of(Double.NaN), List.of(1.0), "float32")).isNotEmpty();
    assertThat(Comparison.difference(List.of(1.0), List.of(), "float32")).contains("1 and 0");
  }
}
