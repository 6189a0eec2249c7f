/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;

/**
 * Random inputs of a benchmark. LibTorch draws the same numbers as Python's PyTorch from one seed,
 * so a peer that draws in the same order works on the same inputs.
 */
final class Inputs implements AutoCloseable {
  private static final long SEED = 20;

  private final ScalarType dtype;
  private final List<Tensor> all = new ArrayList<>();
  private final List<Tensor> leaves = new ArrayList<>();

  Inputs(String dtype) {
    this.dtype = DTypes.parse(dtype);
    Torch.load();
    torch.manual_seed(SEED);
  }

  /** Standard normal numbers, of which no gradient is taken. */
  Tensor normal(long... shape) {
    return own(() -> torch.randn(shape));
  }

  /** Numbers evenly spread over [0, 1), of which no gradient is taken. */
  Tensor uniform(long... shape) {
    return own(() -> torch.rand(shape));
  }

  /** The result of {@code draw}, in the benchmark's type. */
  Tensor own(Supplier<Tensor> draw) {
    Tensor tensor = Torch.withoutGradient(() -> draw.get().to(dtype));
    all.add(Torch.keep(tensor));
    return tensor;
  }

  /** Makes {@code tensor} gather gradients. */
  Tensor leaf(Tensor tensor) {
    leaves.add(tensor.set_requires_grad(true));
    return tensor;
  }

  /** The backward pass from {@code result}, whose own gradient is {@code gradient}. */
  static void backward(Tensor result, Tensor gradient) {
    result.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
  }

  /** Drops the leaves' gradients. */
  void dropGradients() {
    leaves.forEach(leaf -> leaf.mutable_grad().reset());
  }

  /** Mean square of {@code result}, and of each leaf's gradient where it has one. */
  double[] summary(Tensor result) {
    return with(result).mapToDouble(Inputs::meanSquare).toArray();
  }

  /** Bytes of {@code result}, and of each leaf's gradient where it has one. */
  long bytes(Tensor result) {
    return with(result).mapToLong(Tensor::nbytes).sum();
  }

  private Stream<Tensor> with(Tensor result) {
    return Stream.concat(
        Stream.of(result), leaves.stream().map(Tensor::grad).filter(Tensor::defined));
  }

  private static double meanSquare(Tensor tensor) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      return Torch.item(tensor.to(ScalarType.Double).square().mean());
    }
  }

  @Override
  public void close() {
    dropGradients();
    all.forEach(Tensor::close);
    all.clear();
    leaves.clear();
  }
}
