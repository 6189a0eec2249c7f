/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** A whole step of stage 2 with supervision, batch of the recipe's own size. */
public class TrainingStepBenchmark extends SuiteBenchmark {
  /** Recipe and pictures a step. */
  @Param("nano:8")
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private TrainingStep step;

  @Setup
  public void open() {
    if (!shape.matches("nano:[1-9]\\d{0,3}")) {
      throw new IllegalArgumentException("shape '" + shape + "' is none like nano:8");
    }
    step = new TrainingStep(Integer.parseInt(shape.substring("nano:".length())), dtype);
  }

  @TearDown
  public void close() {
    step.close();
  }

  @Benchmark
  public void step(Blackhole hole) {
    hole.consume(step.run());
  }

  /** The losses of the first two steps: the second one sees the first one's update. */
  @Override
  public double[] check(String mode) {
    return new double[] {step.run(), step.run()};
  }
}
