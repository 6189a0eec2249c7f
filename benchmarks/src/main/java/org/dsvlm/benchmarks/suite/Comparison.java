/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Runs cases, the two sides in turns. */
final class Comparison {
  /** Largest difference of the sides' results, relative. */
  private static final double TOLERANCE = 2e-3;

  /** The same for results that are rounded to 8 bits of mantissa on the way. */
  private static final double TOLERANCE_BFLOAT = 5e-2;

  /** Numbers below are zero but for rounding. */
  private static final double ZERO = 1e-20;

  private final Side ours;
  private final Side peer;
  private final Effort effort;
  private final PrintStream progress;
  private final Floor floor = new Floor();
  private boolean failed;

  /**
   * A comparison.
   *
   * @param peer null to run our side alone
   * @param progress hears which case runs
   */
  Comparison(Side ours, Side peer, Effort effort, PrintStream progress) {
    this.ours = ours;
    this.peer = peer;
    this.effort = effort;
    this.progress = progress;
  }

  /** Rates of the machine, then every case. */
  List<Rows.Row> run(List<Case> cases) {
    measureFloor(cases);
    List<Rows.Row> rows = new ArrayList<>();
    Operation before = null;
    for (Case wanted : cases) {
      if (peer != null && wanted.operation() != before) {
        peer.rest();
      }
      before = wanted.operation();
      progress.printf("[%d/%d] %s%n", rows.size() + 1, cases.size(), wanted.name());
      rows.add(row(wanted));
    }
    measureFloor(cases);
    return IntStream.range(0, rows.size())
        .mapToObj(i -> withFloor(rows.get(i), cases.get(i)))
        .toList();
  }

  private void measureFloor(List<Case> cases) {
    progress.println("rates of the machine");
    for (Side side : peer == null ? List.of(ours) : List.of(ours, peer)) {
      try {
        measureFloor(side, cases);
      } catch (Side.MeasurementException e) {
        failed |= side == ours;
        progress.println("rates of the machine: " + e.getMessage());
      }
      side.rest();
    }
  }

  private void measureFloor(Side side, List<Case> cases) {
    cases.stream()
        .filter(wanted -> wanted.operation().form() == Operation.Form.ATTENTION)
        .map(Case::dtype)
        .distinct()
        .forEach(dtype -> floor.measureProduct(side, dtype, effort));
    if (has(cases, Operation.Form.MAPS)) {
      floor.measureCopy(side, effort);
    }
    if (has(cases, Operation.Form.WEIGHTS)) {
      floor.measureRead(side, effort);
    }
    cases.stream()
        .filter(wanted -> wanted.operation().form() == Operation.Form.PICTURE)
        .map(Case::shape)
        .distinct()
        .forEach(shape -> floor.measureDecoder(side, shape, effort));
  }

  private static boolean has(List<Case> cases, Operation.Form form) {
    return cases.stream().anyMatch(wanted -> wanted.operation().form() == form);
  }

  private Rows.Row withFloor(Rows.Row row, Case wanted) {
    return new Rows.Row(
        row.op(),
        row.mode(),
        row.shape(),
        row.dtype(),
        row.unit(),
        row.ours(),
        row.peer(),
        row.ratio(),
        floor.milliseconds(wanted),
        row.notes());
  }

  private Rows.Row row(Case wanted) {
    List<String> notes = new ArrayList<>();
    Turns mine = new Turns("ours", ours, notes);
    Turns theirs = new Turns("PyTorch", peer, notes);
    for (int round = 0; round < effort.rounds(); round++) {
      mine.take(wanted);
      theirs.take(wanted);
    }
    mine.probe(wanted);
    theirs.probe(wanted);
    if (mine.probed != null && theirs.probed != null) {
      String difference = difference(mine.probed.check(), theirs.probed.check(), wanted.dtype());
      if (!difference.isEmpty()) {
        notes.add(difference);
        failed = true;
      }
    }
    failed |= mine.broken;
    Rows.Figure own = mine.figure();
    Rows.Figure other = theirs.figure();
    return new Rows.Row(
        wanted.operation().stem(),
        wanted.mode(),
        wanted.shape(),
        wanted.dtype(),
        wanted.operation().unit(),
        own,
        other,
        own == null || other == null ? null : ratio(mine.rounds, theirs.rounds),
        null,
        List.copyOf(notes));
  }

  /**
   * Median of the rounds' ratios: a machine that slows down for a while slows both sides of one.
   */
  static double ratio(List<List<Double>> ours, List<List<Double>> theirs) {
    List<Double> own = Rows.medians(ours);
    List<Double> other = Rows.medians(theirs);
    return Rows.median(
        IntStream.range(0, own.size()).mapToObj(i -> other.get(i) / own.get(i)).toList());
  }

  /** The warning about two sides' results that a reader needs; empty if they agree. */
  static String difference(List<Double> ours, List<Double> theirs, String dtype) {
    if (ours.size() != theirs.size()) {
      return "the sides computed " + ours.size() + " and " + theirs.size() + " results";
    }
    double tolerance = dtype.equals("bfloat16") ? TOLERANCE_BFLOAT : TOLERANCE;
    for (int i = 0; i < ours.size(); i++) {
      double size = Math.max(Math.abs(ours.get(i)), Math.abs(theirs.get(i)));
      double apart = Math.abs(ours.get(i) - theirs.get(i));
      if (!(apart <= tolerance * size || size < ZERO)) {
        return "the sides do not compute the same: result "
            + i
            + " is "
            + ours.get(i)
            + " here, "
            + theirs.get(i)
            + " in PyTorch";
      }
    }
    return "";
  }

  /** The rates that floors are computed from. */
  Floor floor() {
    return floor;
  }

  /** Whether a case of ours did not run, or gave another result than PyTorch's. */
  boolean failed() {
    return failed;
  }

  /** One side's turns at a case; after an error it takes no more. */
  private final class Turns {
    private final String name;
    private final Side side;
    private final List<String> notes;
    private final List<List<Double>> rounds = new ArrayList<>();
    private Side.Probed probed;
    private boolean broken;

    Turns(String name, Side side, List<String> notes) {
      this.name = name;
      this.side = side;
      this.notes = notes;
    }

    void take(Case wanted) {
      attempt(() -> rounds.add(side.time(wanted, effort.on(wanted.operation()))));
    }

    void probe(Case wanted) {
      attempt(() -> probed = side.probe(wanted));
    }

    private void attempt(Runnable turn) {
      if (side == null || broken) {
        return;
      }
      try {
        turn.run();
      } catch (Side.MeasurementException e) {
        broken = true;
        notes.add(name + ": " + e.getMessage());
      }
    }

    Rows.Figure figure() {
      return side == null || rounds.size() < effort.rounds()
          ? null
          : Rows.Figure.of(List.copyOf(rounds), probed == null ? null : probed.extraBytes());
    }
  }
}
