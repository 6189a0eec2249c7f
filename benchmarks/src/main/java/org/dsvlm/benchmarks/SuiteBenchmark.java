/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.concurrent.TimeUnit;
import org.dsvlm.tensor.Threads;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How every benchmark is measured, and what the comparison needs of it beside JMH's methods: the
 * public parameters {@code shape} and {@code dtype}, and public methods {@code open} and {@code
 * close}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class SuiteBenchmark {
  static {
    // As the command line does, in this process that is ours.
    Threads.use(Threads.choice());
  }

  /**
   * Numbers that sum up what the benchmark method {@code mode} computes from freshly opened inputs:
   * of each tensor one. The peer draws the same inputs and computes the same numbers. None where
   * the two need not agree.
   */
  public abstract double[] check(String mode);

  /** Bytes that one call of {@code mode} leaves: its result, and the gradients of its inputs. */
  public long keptBytes(String mode) {
    return 0;
  }
}
