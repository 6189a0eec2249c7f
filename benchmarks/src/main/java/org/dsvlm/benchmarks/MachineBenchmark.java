/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** The machine's peak rates: a large matrix product, and a copy that no cache can hold. */
public class MachineBenchmark extends SuiteBenchmark {
  /** Rows and columns of the matrices; numbers that are copied. */
  @Param("2048")
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private Inputs inputs;
  private Tensor source;
  private Tensor other;
  private Tensor destination;

  @Setup
  public void open() {
    long side = Long.parseLong(shape);
    Torch.load();
    // OPENBLAS_NUM_THREADS keeps small products on one thread; the floor is what all threads can
    // do.
    openblas_nolapack.blas_set_num_threads(torch.get_num_threads());
    inputs = new Inputs(dtype);
    source = inputs.normal(side, side);
    other = inputs.normal(side, side);
    destination = inputs.normal(side, side);
  }

  @TearDown
  public void close() {
    inputs.close();
  }

  @Benchmark
  public void matmul(Blackhole hole) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      hole.consume(torch.mm_out(destination, source, other));
    }
  }

  @Benchmark
  public void copy(Blackhole hole) {
    try (PointerScope scope = new PointerScope()) {
      hole.consume(destination.copy_(source));
    }
  }

  @Benchmark
  public void read(Blackhole hole) {
    try (PointerScope scope = new PointerScope()) {
      hole.consume(source.max());
    }
  }

  @Override
  public double[] check(String mode) {
    return inputs.summary(source);
  }
}
