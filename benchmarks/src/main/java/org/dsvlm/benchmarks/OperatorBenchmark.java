/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * An operator, alone and with its backward pass. A subclass adds the parameter {@code shape}, draws
 * the inputs, and calls the operator; its peer extends {@code Operator} of {@code peer.py} and does
 * the same.
 */
public abstract class OperatorBenchmark extends SuiteBenchmark {
  @Param({"float32", "bfloat16"})
  public String dtype;

  private Inputs inputs;

  /** Draws the inputs, in the order of the peer, and makes leaves of those that want gradients. */
  abstract void draw(Inputs inputs);

  /** Calls the operator. */
  abstract Tensor result();

  /** The backward pass from what {@link #result} made: from the sum, unless overridden. */
  void backward(Tensor result) {
    result.sum().backward();
  }

  @Setup
  public void open() {
    inputs = new Inputs(dtype);
    draw(inputs);
  }

  @TearDown
  public void close() {
    inputs.close();
  }

  @Benchmark
  public void forward(Blackhole hole) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      hole.consume(result());
    }
  }

  @Benchmark
  public void forwardBackward(Blackhole hole) {
    try (PointerScope scope = new PointerScope()) {
      hole.consume(differentiated());
      inputs.dropGradients();
    }
  }

  private Tensor differentiated() {
    Tensor result = result();
    backward(result);
    return result;
  }

  @Override
  public double[] check(String mode) {
    try (PointerScope scope = new PointerScope()) {
      return inputs.summary(run(mode));
    }
  }

  @Override
  public long keptBytes(String mode) {
    try (PointerScope scope = new PointerScope()) {
      inputs.dropGradients();
      return inputs.bytes(run(mode));
    }
  }

  private Tensor run(String mode) {
    return mode.equals("forward") ? result() : differentiated();
  }
}
