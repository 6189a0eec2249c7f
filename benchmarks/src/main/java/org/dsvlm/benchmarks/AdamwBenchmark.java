/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.kernels.AdamWUpdate;
import org.dsvlm.tensor.Torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** A step of AdamW on parameters of several shapes, the gradients staying the same. */
public class AdamwBenchmark extends SuiteBenchmark {
  private static final AdamWUpdate.Hyperparameters SETTINGS =
      new AdamWUpdate.Hyperparameters(1e-3, 0.9, 0.999, 1e-8, 0.01);

  /** Parameters, joined by {@code +}. */
  @Param("640x640x3x3+1280x640x1x1+640x1x1x1")
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private Inputs inputs;
  private AdamWUpdate.Tensors tensors;

  @Setup
  public void open() {
    inputs = new Inputs(dtype);
    List<MapShape> shapes = MapShape.parseAll(shape);
    List<Tensor> parameters = shapes.stream().map(s -> inputs.normal(s.sizes())).toList();
    List<Tensor> gradients = shapes.stream().map(s -> inputs.normal(s.sizes())).toList();
    tensors =
        new AdamWUpdate.Tensors(
            parameters,
            gradients,
            parameters.stream().map(p -> inputs.own(() -> torch.zeros_like(p))).toList(),
            parameters.stream().map(p -> inputs.own(() -> torch.zeros_like(p))).toList(),
            List.of(),
            steps(shapes.size()));
  }

  private static Tensor steps(int parameters) {
    return Torch.keep(torch.zeros(new long[] {parameters}, Torch.options(ScalarType.Float)));
  }

  @TearDown
  public void close() {
    tensors.steps().close();
    inputs.close();
  }

  @Benchmark
  public void update(Blackhole hole) {
    step();
    hole.consume(tensors);
  }

  private void step() {
    AdamWUpdate.apply(tensors, null, SETTINGS);
  }

  /** Mean square of each parameter after two steps. */
  @Override
  public double[] check(String mode) {
    step();
    step();
    try (PointerScope scope = new PointerScope()) {
      return tensors.parameters().stream()
          .mapToDouble(p -> Torch.item(p.to(ScalarType.Double).square().mean()))
          .toArray();
    }
  }
}
