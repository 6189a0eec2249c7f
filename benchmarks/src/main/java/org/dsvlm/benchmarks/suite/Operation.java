/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.dsvlm.benchmarks.DataLoadingBenchmark;
import org.dsvlm.benchmarks.GenerationBenchmark;
import org.dsvlm.benchmarks.MachineBenchmark;
import org.dsvlm.benchmarks.MoeCrossAttentionBenchmark;
import org.dsvlm.benchmarks.PerceptualDistanceBenchmark;
import org.dsvlm.benchmarks.SsimBenchmark;
import org.dsvlm.benchmarks.TrainingStepBenchmark;

/** What is measured: a JMH class here, a file of the same stem in {@code benchmarks/peers}. */
enum Operation {
  MOE_CROSS_ATTENTION(MoeCrossAttentionBenchmark.class, "ms", "forwardBackward", "forward"),
  SSIM(SsimBenchmark.class, "ms", "forwardBackward", "forward"),
  PERCEPTUAL_DISTANCE(PerceptualDistanceBenchmark.class, "ms", "forwardBackward", "forward"),
  TRAINING_STEP(TrainingStepBenchmark.class, "ms", "step"),
  GENERATION(GenerationBenchmark.class, "tokens/s", "generate"),
  DATA_LOADING(DataLoadingBenchmark.class, "pictures/s", "load"),
  /** What the floors are computed from; no case of the table. */
  MACHINE(MachineBenchmark.class, "ms", "matmul", "copy");

  private final Class<?> benchmark;
  private final String unit;
  private final List<String> modes;

  Operation(Class<?> benchmark, String unit, String... modes) {
    this.benchmark = benchmark;
    this.unit = unit;
    this.modes = List.of(modes);
  }

  /** The operator's name and its twin's file. */
  String stem() {
    return name().toLowerCase(Locale.ROOT);
  }

  Class<?> benchmark() {
    return benchmark;
  }

  /** How a reader wants the figure: {@code ms}, or how many in a second. */
  String unit() {
    return unit;
  }

  /** The benchmark's methods. */
  List<String> modes() {
    return modes;
  }

  /** Names that a user can choose among. */
  static List<String> stems() {
    return Arrays.stream(values()).filter(op -> op != MACHINE).map(Operation::stem).toList();
  }

  /**
   * The operation of that name.
   *
   * @throws UsageException if there is none
   */
  static Operation named(String stem, String where) {
    if (!stems().contains(stem)) {
      throw new UsageException(where + ": unknown op '" + stem + "'; known: " + stems());
    }
    return valueOf(stem.toUpperCase(Locale.ROOT));
  }
}
