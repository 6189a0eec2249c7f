/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final Effort EFFORT = new Effort(2, 0, 1, 0.001);
  private static final Case SSIM = new Case(Operation.SSIM, "forward", "1x1x16x16", "float32");
  private static final Case STEP = new Case(Operation.TRAINING_STEP, "step", "nano:1", "float32");

  private final List<String> turns = new ArrayList<>();

  /** A side that takes {@code milliseconds} for everything, and computes {@code check}. */
  private class Steady implements Side {
    private final String name;
    private final double milliseconds;
    private final double check;

    Steady(String name, double milliseconds, double check) {
      this.name = name;
      this.milliseconds = milliseconds;
      this.check = check;
    }

    @Override
    public List<Double> time(Case wanted, Effort effort) {
      turns.add(name + " " + wanted.operation().stem());
      return List.of(milliseconds);
    }

    @Override
    public Probed probe(Case wanted) {
      turns.add(name + " probe");
      return new Probed(7, List.of(check));
    }

    @Override
    public void close() {
      turns.add(name + " closed");
    }
  }

  private static Comparison comparison(Side ours, Side peer) {
    return new Comparison(
        ours,
        peer,
        EFFORT,
        new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8));
  }

  @Test
  void theSidesTakeTurns() {
    Comparison comparison = comparison(new Steady("ours", 2, 1), new Steady("peer", 5, 1));
    Rows.Row row = comparison.run(List.of(STEP)).get(0);
    assertThat(turns)
        .containsExactly(
            "ours training_step",
            "peer training_step",
            "ours training_step",
            "peer training_step",
            "ours probe",
            "peer probe");
    assertThat(row.ratio()).isEqualTo(2.5);
    assertThat(row.ours().extraBytes()).isEqualTo(7);
    assertThat(row.floorMs()).isNull();
    assertThat(row.notes()).isEmpty();
    assertThat(comparison.failed()).isFalse();
  }

  @Test
  void theFloorComesFromBothEndsOfTheRunAndTheFasterSide() {
    Comparison comparison = comparison(new Steady("ours", 20, 1), new Steady("peer", 10, 1));
    Rows.Row row = comparison.run(List.of(SSIM)).get(0);
    assertThat(turns).filteredOn(turn -> turn.endsWith("machine")).hasSize(4);
    assertThat(turns).startsWith("ours machine").endsWith("peer machine");
    assertThat(row.floorMs())
        .isEqualTo(Floor.of(java.util.Map.of(), Floor.copyRate(10), 1).milliseconds(SSIM));
  }

  @Test
  void theFasterDecoderIsTheFloorOfItsPictures() {
    Case load = new Case(Operation.DATA_LOADING, "load", "jpeg:640x480", "float32");
    Comparison comparison = comparison(new Steady("ours", 20, 1), new Steady("peer", 10, 1));
    Rows.Row row = comparison.run(List.of(load)).get(0);
    assertThat(row.floorMs()).isEqualTo(10);
    assertThat(row.floorShare()).isEqualTo(0.5);
    assertThat(comparison.floor().facts())
        .containsEntry("decoder, jpeg:640x480", "10.00 ms a picture");
  }

  @Test
  void otherResultsFailTheRun() {
    Comparison comparison = comparison(new Steady("ours", 2, 1), new Steady("peer", 5, 1.1));
    Rows.Row row = comparison.run(List.of(STEP)).get(0);
    assertThat(row.notes()).singleElement().asString().contains("do not compute the same");
    assertThat(comparison.failed()).isTrue();
  }

  @Test
  void withoutPyTorchOursRunsAlone() {
    Rows.Row row = comparison(new Steady("ours", 2, 1), null).run(List.of(STEP)).get(0);
    assertThat(row.ours().medianMs()).isEqualTo(2);
    assertThat(row.peer()).isNull();
    assertThat(row.ratio()).isNull();
  }

  private final class Broken extends Steady {
    Broken(String name) {
      super(name, 1, 1);
    }

    @Override
    public List<Double> time(Case wanted, Effort effort) {
      throw new MeasurementException("no such module");
    }
  }

  @Test
  void aPeerThatFailsLeavesOursAndANote() {
    Comparison comparison = comparison(new Steady("ours", 2, 1), new Broken("peer"));
    Rows.Row row = comparison.run(List.of(SSIM)).get(0);
    assertThat(row.ours()).isNotNull();
    assertThat(row.peer()).isNull();
    assertThat(row.notes()).containsExactly("PyTorch: no such module");
    assertThat(comparison.failed()).isFalse();
  }

  @Test
  void ourOwnFailureFailsTheRun() {
    Comparison comparison = comparison(new Broken("ours"), new Steady("peer", 5, 1));
    Rows.Row row = comparison.run(List.of(STEP)).get(0);
    assertThat(row.ours()).isNull();
    assertThat(row.notes()).containsExactly("ours: no such module");
    assertThat(comparison.failed()).isTrue();
  }
}
