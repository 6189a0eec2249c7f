/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import static org.dsvlm.nn.cost.Operation.Role.FORWARD;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.plan.Hardware.Timing;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.Threads;
import org.dsvlm.tensor.Torch;

/**
 * Measures this machine in some seconds: a large matrix product, calls that compute almost nothing,
 * and for each kind of operation the shapes that take most of the step. Nothing is fitted to a
 * whole step.
 */
final class Calibration {
  /** Shapes of a kind are timed until they make this share of its work. */
  private static final double SHARE = 0.95;

  private static final int MOST_SHAPES = 24;
  private static final double MOST_FLOPS = 1e9;
  private static final double MOST_ELEMENTS = 1 << 24;

  /** The size to which an operation is cut in order to be called at all. */
  private static final double FEW = 1e4;

  private static final List<Long> LARGE_PRODUCT = List.of(1024L, 1024L, 1024L, 0L);

  private Calibration() {}

  /**
   * The machine that this runs on, for the shapes of {@code operations}.
   *
   * @param threads of LibTorch; 0 for {@link Threads#wanted}
   * @param clock tells nanoseconds
   */
  static Hardware measure(
      List<Operation> operations, ScalarType dtype, int threads, LongSupplier clock) {
    Torch.load();
    try (Threads.Held held = Threads.hold(threads > 0 ? threads : Threads.wanted().count())) {
      Map<OperationType, List<List<Long>>> shapes = new EnumMap<>(OperationType.class);
      for (OperationType kind : OperationType.values()) {
        shapes.put(kind, largest(kind, operations));
      }
      // Before anything large is in memory, and after all that a run calls was called.
      timings(shapes, new KindTimings(Stopwatch.rehearsing(dtype), FEW, FEW));
      double runtime = ProcessSize.filled();
      return hardware(shapes, Stopwatch.of(dtype, clock), runtime);
    }
  }

  private static Hardware hardware(
      Map<OperationType, List<List<Long>>> shapes, Stopwatch stopwatch, double runtime) {
    KindTimings timings = new KindTimings(stopwatch, MOST_FLOPS, MOST_ELEMENTS);
    Timing large = timings.of(OperationType.MATRIX_PRODUCT, LARGE_PRODUCT);
    double call = CallCost.seconds(stopwatch);
    Map<OperationType, List<Timing>> measured = timings(shapes, timings);
    double bandwidth =
        Objects.requireNonNull(measured.get(OperationType.POINTWISE)).stream()
            .mapToDouble(timing -> 1 / timing.seconds(FORWARD))
            .average()
            .orElse(1e9);
    return new Hardware(
        "this machine, " + torch.get_num_threads() + " threads",
        MemoryFigures.machineBytes(),
        Map.of(),
        measured,
        bandwidth,
        call,
        false,
        runtime,
        String.format(
            Locale.ROOT,
            "measured: matrix product of 1024 %.0f GFLOP/s, sums %.1f GB/s, a call %.1f µs",
            1 / large.seconds(FORWARD) / 1e9,
            bandwidth / 1e9,
            call * 1e6));
  }

  private static Map<OperationType, List<Timing>> timings(
      Map<OperationType, List<List<Long>>> shapes, KindTimings timings) {
    Map<OperationType, List<Timing>> measured = new EnumMap<>(OperationType.class);
    shapes.forEach(
        (kind, ofKind) ->
            measured.put(kind, ofKind.stream().map(shape -> timings.of(kind, shape)).toList()));
    return measured;
  }

  /** The shapes of a kind that make most of its work. */
  private static List<List<Long>> largest(OperationType kind, List<Operation> operations) {
    Map<List<Long>, Double> work = new LinkedHashMap<>();
    operations.stream()
        .filter(operation -> operation.type() == kind)
        .forEach(o -> work.merge(o.shape(), Hardware.work(o), Double::sum));
    double all = work.values().stream().mapToDouble(Double::doubleValue).sum();
    List<Map.Entry<List<Long>, Double>> sorted = new ArrayList<>(work.entrySet());
    sorted.sort(Map.Entry.comparingByValue(Comparator.reverseOrder()));
    List<List<Long>> largest = new ArrayList<>();
    double covered = 0;
    for (Map.Entry<List<Long>, Double> shape : sorted) {
      if (covered >= SHARE * all || largest.size() == MOST_SHAPES) {
        break;
      }
      largest.add(shape.getKey());
      covered += shape.getValue();
    }
    return largest;
  }
}
