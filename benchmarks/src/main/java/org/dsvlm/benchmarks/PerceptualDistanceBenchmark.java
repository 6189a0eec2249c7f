/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.PerceptualDistance;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The head of LPIPS: the distances of all layers, added. The default is VGG-16 on four pictures of
 * 192 × 192; target and channel weights are fixed, as in training.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PerceptualDistanceBenchmark implements Checked {
  @Param("vgg16:4x192")
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private record Layer(Tensor features, Tensor target, Tensor weights) {}

  private Inputs inputs;
  private final List<Layer> layers = new ArrayList<>();

  @Setup
  public void open() {
    inputs = new Inputs(dtype);
    for (MapShape layer : MapShape.parseAll(shape)) {
      layers.add(
          new Layer(
              inputs.leaf(inputs.uniform(layer.sizes())),
              inputs.uniform(layer.sizes()),
              inputs.uniform(layer.channels())));
    }
  }

  @TearDown
  public void close() {
    inputs.close();
    layers.clear();
  }

  @Benchmark
  public void forward(Blackhole hole) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      hole.consume(distance());
    }
  }

  @Benchmark
  public void forwardBackward(Blackhole hole) {
    try (PointerScope scope = new PointerScope()) {
      hole.consume(differentiated());
      inputs.dropGradients();
    }
  }

  private Tensor distance() {
    return layers.stream()
        .map(l -> PerceptualDistance.perSample(l.features(), l.target(), l.weights()))
        .reduce(Tensor::add)
        .orElseThrow();
  }

  private Tensor differentiated() {
    Tensor distance = distance();
    distance.sum().backward();
    return distance;
  }

  @Override
  public double[] check(String mode) {
    try (PointerScope scope = new PointerScope()) {
      return inputs.summary(mode.equals("forward") ? distance() : differentiated());
    }
  }
}
