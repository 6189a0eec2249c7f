/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class RegressionTest {
  @TempDir private Path folder;

  static Rows.Row row(String shape, Double ratio) {
    Rows.Figure ours = Rows.Figure.of(List.of(List.of(2.0, 4.0)), 1_500_000L);
    Rows.Figure peer = ratio == null ? null : Rows.Figure.of(List.of(List.of(3 * ratio)), null);
    return new Rows.Row(
        "ssim", "forward", shape, "float32", "ms", ours, peer, ratio, 1.5, List.of());
  }

  private static Rows rows(Rows.Row... rows) {
    return new Rows(Map.of("date", "today"), Arrays.asList(rows));
  }

  @Test
  void namesWhatFellPastTheThresholdAndNothingElse() {
    Rows before = rows(row("1x1x11x11", 2.0), row("1x1x12x12", 2.0), row("1x1x13x13", 2.0));
    Rows after = rows(row("1x1x11x11", 1.79), row("1x1x12x12", 1.81), row("1x1x13x13", 5.0));
    Regression result = Regression.of(before, after, 0.1);
    assertThat(result.worse()).containsExactly("ssim.forward 1x1x11x11 float32");
    assertThat(result.compared()).hasSize(3);
    assertThat(result.compared().get(0)).contains("2.00 -> 1.79 (-10.5 %)").endsWith("WORSE");
    assertThat(result.left()).isEmpty();
  }

  @Test
  void saysWhatItCouldNotCompare() {
    Rows before = rows(row("a", 2.0), row("b", 2.0), row("c", null), row("d", 1.0));
    Rows after = rows(row("d", 1.0), row("b", null), row("c", 2.0), row("e", 1.0));
    assertThat(Regression.of(before, after, 0).left())
        .containsExactly(
            "ssim.forward a float32: not in the new run",
            "ssim.forward b float32: without a ratio in the new run",
            "ssim.forward c float32: without a ratio in the old run",
            "ssim.forward e float32: not in the old run");
  }

  @Test
  void runsWithoutAnythingInCommonAreAnError() {
    assertThatThrownBy(() -> Regression.of(rows(row("a", 1.0)), rows(row("b", 1.0)), 0.1))
        .isInstanceOf(UsageException.class);
  }

  @Test
  void theCommandExitsWithOneAfterAFall() {
    Path before = folder.resolve("before.json");
    Path after = folder.resolve("after.json");
    rows(row("a", 2.0)).write(before);
    rows(row("a", 1.5)).write(after);
    StringWriter out = new StringWriter();
    assertThat(compare(out, before, after, "0.1")).isEqualTo(1);
    assertThat(out.toString()).contains("worse by more than 0.1: ssim.forward a float32");
    assertThat(compare(out, before, after, "0.3")).isZero();
    assertThat(compare(out, after, before, "0")).isZero();
    assertThat(compare(out, before, after, "2")).isEqualTo(2);
  }

  @Test
  void whatIsNoResultIsAnErrorThatNamesTheFile() throws IOException {
    Path good = folder.resolve("good.json");
    rows(row("a", 2.0)).write(good);
    for (String text : List.of("", "[]", "{}", "{\"facts\": {}, \"rows\": 3}", "no json")) {
      Path bad = Files.writeString(folder.resolve("bad.json"), text);
      StringWriter out = new StringWriter();
      assertThat(compare(out, good, bad, "0.1")).as(text).isEqualTo(2);
      assertThat(out.toString()).contains(bad + ": ");
    }
    StringWriter out = new StringWriter();
    assertThat(compare(out, good, folder.resolve("none.json"), "0.1")).isEqualTo(2);
    assertThat(out.toString()).contains("none.json: cannot be read");
  }

  private static int compare(StringWriter out, Path before, Path after, String threshold) {
    CommandLine line = Main.commandLine(Map.of());
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(out));
    return line.execute("compare", before.toString(), after.toString(), "--threshold", threshold);
  }
}
