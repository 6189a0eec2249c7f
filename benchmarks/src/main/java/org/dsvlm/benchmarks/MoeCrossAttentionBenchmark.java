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
import org.dsvlm.kernels.MoeCrossAttention;
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
 * The mixture of cross-attentions at the shapes of Stable Diffusion 1.5 with CLIP's 576 tokens;
 * gradients of every argument.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MoeCrossAttentionBenchmark implements Checked {
  @Param({
    "1x4096x8x40:576+576+576+576",
    "1x1024x8x80:576+576+576+576",
    "1x256x8x160:576+576+576+576",
    "1x64x8x160:576+576+576+576"
  })
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private Inputs inputs;
  private Tensor query;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private Tensor probabilities;
  private Tensor gradient;

  @Setup
  public void open() {
    AttentionShape sizes = AttentionShape.parse(shape);
    inputs = new Inputs(dtype);
    query = inputs.normal(sizes.batch(), sizes.queries(), sizes.heads(), sizes.headDim());
    for (long tokens : sizes.tokens()) {
      keys.add(inputs.normal(sizes.batch(), tokens, sizes.heads(), sizes.headDim()));
      values.add(inputs.normal(sizes.batch(), tokens, sizes.heads(), sizes.headDim()));
    }
    Tensor scores = inputs.normal(sizes.batch(), sizes.tokens().size());
    probabilities = inputs.own(() -> scores.softmax(-1));
    gradient = inputs.normal(sizes.batch(), sizes.queries(), sizes.heads(), sizes.headDim());
    inputs.leaf(query);
    keys.forEach(inputs::leaf);
    values.forEach(inputs::leaf);
    inputs.leaf(probabilities);
  }

  @TearDown
  public void close() {
    inputs.close();
    keys.clear();
    values.clear();
  }

  @Benchmark
  public void forward(Blackhole hole) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      hole.consume(MoeCrossAttention.forward(query, keys, values, probabilities));
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
    Tensor result = MoeCrossAttention.forward(query, keys, values, probabilities);
    Inputs.backward(result, gradient);
    return result;
  }

  @Override
  public double[] check(String mode) {
    try (PointerScope scope = new PointerScope()) {
      return mode.equals("forward")
          ? inputs.summary(MoeCrossAttention.forward(query, keys, values, probabilities))
          : inputs.summary(differentiated());
    }
  }
}
