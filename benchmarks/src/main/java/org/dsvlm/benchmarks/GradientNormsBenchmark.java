/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.GradientNorms;
import org.dsvlm.tensor.Torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** The common norm of gradients of several shapes. */
public class GradientNormsBenchmark extends SuiteBenchmark {
  /** Gradients, joined by {@code +}. */
  @Param("640x640x3x3+1280x640x1x1+640x1x1x1")
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private Inputs inputs;
  private List<Tensor> gradients;

  @Setup
  public void open() {
    inputs = new Inputs(dtype);
    gradients = MapShape.parseAll(shape).stream().map(s -> inputs.normal(s.sizes())).toList();
  }

  @TearDown
  public void close() {
    inputs.close();
  }

  @Benchmark
  public void norm(Blackhole hole) {
    hole.consume(norm());
  }

  private double norm() {
    try (PointerScope scope = new PointerScope()) {
      return Torch.item(GradientNorms.each(gradients).norm());
    }
  }

  @Override
  public double[] check(String mode) {
    return new double[] {norm()};
  }
}
