/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.Ssim;
import org.dsvlm.tensor.Torch;
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
 * Structural similarity of pictures with their reconstructions; the gradient is the
 * reconstruction's, as in training.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SsimBenchmark implements Checked {
  @Param({"4x3x256x256", "16x3x64x64"})
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private Inputs inputs;
  private Tensor x;
  private Tensor y;

  @Setup
  public void open() {
    inputs = new Inputs(dtype);
    long[] sizes = MapShape.parse(shape).sizes();
    x = inputs.leaf(inputs.uniform(sizes));
    Tensor noise = inputs.uniform(sizes);
    y = inputs.own(() -> x.add(noise).div(Torch.scalar(2)));
  }

  @TearDown
  public void close() {
    inputs.close();
  }

  @Benchmark
  public void forward(Blackhole hole) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      hole.consume(similarity());
    }
  }

  @Benchmark
  public void forwardBackward(Blackhole hole) {
    try (PointerScope scope = new PointerScope()) {
      hole.consume(differentiated());
      inputs.dropGradients();
    }
  }

  private Tensor similarity() {
    return Ssim.perSample(x, y, Ssim.Border.VALID, 1.0);
  }

  private Tensor differentiated() {
    Tensor similarity = similarity();
    similarity.sum().backward();
    return similarity;
  }

  @Override
  public double[] check(String mode) {
    try (PointerScope scope = new PointerScope()) {
      return inputs.summary(mode.equals("forward") ? similarity() : differentiated());
    }
  }
}
