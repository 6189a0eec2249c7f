/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void everyCaseIsALineOfEqualWidth() {
    String table =
        Table.of(List.of(RegressionTest.row("1x1x11x11", 2.0), RegressionTest.row("b", null)));
    List<String> lines = table.lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines).extracting(String::length).containsOnly(lines.get(0).length());
    assertThat(lines.get(2))
        .contains("ssim.forward 1x1x11x11 float32", "3.00 ms", "6.00 ms", "2.00", "50 %", "1.5 MB");
    assertThat(lines.get(3)).contains("–");
  }

  @Test
  void whatIsCountedIsShownForEachSecond() {
    Rows.Figure figure = Rows.Figure.of(List.of(List.of(4.0)), null);
    Rows.Row row =
        new Rows.Row(
            "generation",
            "generate",
            "nano",
            "float32",
            "tokens/s",
            figure,
            null,
            null,
            null,
            List.of("PyTorch: no such module"));
    assertThat(Table.of(List.of(row)))
        .contains("250 tokens/s")
        .endsWith("\ngeneration.generate nano float32: PyTorch: no such module\n");
  }

  @Test
  void aPageNamesItsFacts() {
    Rows rows = new Rows(Map.of("commit", "0123456789ab"), List.of(RegressionTest.row("a", 2.0)));
    assertThat(Page.of(rows, "2026-01-02"))
        .startsWith("# Benchmarks, 2026-01-02\n")
        .contains("| commit | 0123456789ab |", "| ssim.forward a float32");
  }
}
