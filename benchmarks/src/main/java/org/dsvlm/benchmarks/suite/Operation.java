/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.dsvlm.benchmarks.AdamwBenchmark;
import org.dsvlm.benchmarks.DataLoadingBenchmark;
import org.dsvlm.benchmarks.EvaluationBenchmark;
import org.dsvlm.benchmarks.GenerationBenchmark;
import org.dsvlm.benchmarks.GradientNormsBenchmark;
import org.dsvlm.benchmarks.GroupNormSiluBenchmark;
import org.dsvlm.benchmarks.MachineBenchmark;
import org.dsvlm.benchmarks.MoeCrossAttentionBenchmark;
import org.dsvlm.benchmarks.OperatorBenchmark;
import org.dsvlm.benchmarks.PerceptualDistanceBenchmark;
import org.dsvlm.benchmarks.SsimBenchmark;
import org.dsvlm.benchmarks.SuiteBenchmark;
import org.dsvlm.benchmarks.TrainingStepBenchmark;

/**
 * The measured operations: a JMH class here, a file of the same stem in {@code benchmarks/peers}.
 *
 * <p>An operator says what it takes at least, which is its floor: of {@link Form#ATTENTION} how
 * many matrix products, of {@link Form#MAPS} how often maps of its shape pass through memory; in
 * {@code forward} and in {@code forwardBackward}.
 */
enum Operation {
  /** Scores and their sum with the values; in the backward pass both again, and three gradients. */
  MOE_CROSS_ATTENTION(MoeCrossAttentionBenchmark.class, Form.ATTENTION, 2, 7),
  /** Both pictures are read, and one gradient is written and read, then written scaled. */
  SSIM(SsimBenchmark.class, Form.MAPS, 2, 5),
  /** Both maps are read, in the backward pass once more, and a gradient is written. */
  PERCEPTUAL_DISTANCE(PerceptualDistanceBenchmark.class, Form.MAPS, 2, 5),
  /** The map is read and the result written; then map and gradient are read, and one is written. */
  GROUP_NORM_SILU(GroupNormSiluBenchmark.class, Form.MAPS, 2, 5),
  /** Parameter, gradient and both moments are read; all but the gradient are written. */
  ADAMW(AdamwBenchmark.class, Form.MAPS, "update", 7),
  /** Each gradient is read. */
  GRADIENT_NORMS(GradientNormsBenchmark.class, Form.MAPS, "norm", 1),
  TRAINING_STEP(TrainingStepBenchmark.class, "ms", "step"),
  GENERATION(GenerationBenchmark.class, Form.WEIGHTS, "tokens/s", "generate"),
  EVALUATION(EvaluationBenchmark.class, "questions/s", "answer"),
  /** Nothing is made of a picture before it is decoded, which is the floor. */
  DATA_LOADING(
      DataLoadingBenchmark.class, Form.PICTURE, "pictures/s", "load", "record", Floor.DECODE),
  /** Measurements from which the floors are computed; no case of the table. */
  MACHINE(MachineBenchmark.class, "ms", "matmul", "copy", "read");

  /** The meaning of a shape, which decides how the floor is computed. */
  enum Form {
    /** An {@link org.dsvlm.benchmarks.AttentionShape}; the floor is a matrix product's. */
    ATTENTION,
    /** {@link org.dsvlm.benchmarks.MapShape}s; the floor is a copy's. */
    MAPS,
    /** A model whose weights are read once; the floor is that of reading. */
    WEIGHTS,
    /** Format and size of a file; the floor is its decoder's. */
    PICTURE,
    /** A name that the benchmark knows; no floor. */
    NAMED
  }

  private static final String FORWARD = "forward";

  private final Class<? extends SuiteBenchmark> benchmark;
  private final Form form;
  private final int forwardPasses;
  private final int passes;
  private final String unit;
  private final List<String> modes;

  Operation(
      Class<? extends OperatorBenchmark> benchmark, Form form, int forwardPasses, int passes) {
    this.benchmark = benchmark;
    this.form = form;
    this.forwardPasses = forwardPasses;
    this.passes = passes;
    this.unit = "ms";
    this.modes = List.of("forwardBackward", FORWARD);
  }

  Operation(Class<? extends SuiteBenchmark> benchmark, Form form, String mode, int passes) {
    this.benchmark = benchmark;
    this.form = form;
    this.forwardPasses = 0;
    this.passes = passes;
    this.unit = "ms";
    this.modes = List.of(mode);
  }

  Operation(Class<? extends SuiteBenchmark> benchmark, String unit, String... modes) {
    this(benchmark, Form.NAMED, unit, modes);
  }

  Operation(Class<? extends SuiteBenchmark> benchmark, Form form, String unit, String... modes) {
    this.benchmark = benchmark;
    this.form = form;
    this.forwardPasses = 0;
    this.passes = 0;
    this.unit = unit;
    this.modes = List.of(modes);
  }

  /** The operator's name and its peer's file. */
  String stem() {
    return name().toLowerCase(Locale.ROOT);
  }

  Class<? extends SuiteBenchmark> benchmark() {
    return benchmark;
  }

  Form form() {
    return form;
  }

  /** Matrix products, or passes of a map through memory, that {@code mode} takes at least. */
  int passes(String mode) {
    return mode.equals(FORWARD) ? forwardPasses : passes;
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
    return stems(op -> op != MACHINE);
  }

  /** Names of the operators whose shape a user can choose. */
  static List<String> shapedStems() {
    return stems(op -> op.passes > 0);
  }

  private static List<String> stems(Predicate<Operation> wanted) {
    return Arrays.stream(values()).filter(wanted).map(Operation::stem).toList();
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
