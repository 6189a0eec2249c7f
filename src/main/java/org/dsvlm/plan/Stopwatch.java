/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Times an operation on alternating inputs, so that no cache holds them. Results and gradients are
 * kept as long, so no cache holds them either.
 */
final class Stopwatch {
  private static final double SECONDS = 0.025;
  private static final int FEWEST_RUNS = 4;

  /** More than a processor's caches hold. */
  private static final double TURNS = 48e6;

  private static final int MOST_TURNS = 64;
  private static final int CHAIN = 96;

  private final ScalarType dtype;
  private final LongSupplier clock;
  private final double seconds;
  private final double turns;
  private final RandomState random = new RandomState(0);
  private final double callSeconds;

  private Stopwatch(ScalarType dtype, LongSupplier clock, double seconds, double turns) {
    this.dtype = dtype;
    this.clock = clock;
    this.seconds = seconds;
    this.turns = turns;
    this.callSeconds = oneOnOneElement();
  }

  /** For tensors of {@code dtype}; {@code clock} tells nanoseconds. */
  static Stopwatch of(ScalarType dtype, LongSupplier clock) {
    return new Stopwatch(dtype, clock, SECONDS, TURNS);
  }

  /**
   * A stopwatch for warming up: it makes the calls a few times on few tensors, and its times mean
   * nothing.
   */
  static Stopwatch rehearsing(ScalarType dtype) {
    return new Stopwatch(dtype, System::nanoTime, 0, 0);
  }

  /** The time of a call on one element, forward or backward, that follows others like it. */
  double callSeconds() {
    return callSeconds;
  }

  private double oneOnOneElement() {
    try (PointerScope scope = new PointerScope()) {
      Tensor one = normal(1);
      return chain(List.of(x -> x.mul(one)), List.of(), 1) / 2;
    }
  }

  /**
   * Seconds of one of {@code operations} with its backward pass, where they follow one another in
   * turn.
   *
   * @param operations that keep a tensor's shape
   * @param weights that gather gradients
   * @param shape of the tensor
   */
  double chain(List<UnaryOperator<Tensor>> operations, List<Tensor> weights, long... shape) {
    UnaryOperator<Tensor> inTurn =
        first -> {
          Tensor y = first;
          for (int i = 0; i < CHAIN; i++) {
            y = operations.get(i % operations.size()).apply(y);
          }
          return y;
        };
    Tensor x = normal(shape).requires_grad_(true);
    return median(List.of(x), weights, inTurn, normal(shape)) / CHAIN;
  }

  /** Seconds of {@code forward} without the call itself. */
  double forward(List<Tensor> inputs, UnaryOperator<Tensor> forward) {
    return Math.max(0, median(inputs, List.of(), forward, null) - callSeconds);
  }

  /**
   * The same with the backward pass.
   *
   * @param weights that gather gradients beside the inputs, if they ask for any
   * @param gradient of the result, to go backward from
   */
  double bothWays(
      List<Tensor> inputs, List<Tensor> weights, UnaryOperator<Tensor> forward, Tensor gradient) {
    return Math.max(0, median(inputs, weights, forward, gradient) - 2 * callSeconds);
  }

  /** Of several runs after one that does not count. */
  private double median(
      List<Tensor> inputs,
      List<Tensor> weights,
      UnaryOperator<Tensor> forward,
      @Nullable Tensor gradient) {
    List<Double> runs = new ArrayList<>();
    Deque<Tensor> results = new ArrayDeque<>();
    long end = System.nanoTime() + (long) (1e9 * seconds);
    for (int i = 0; i <= FEWEST_RUNS || System.nanoTime() < end; i++) {
      Tensor input = inputs.get(i % inputs.size());
      input.mutable_grad().reset();
      weights.forEach(weight -> weight.mutable_grad().reset());
      long start = clock.getAsLong();
      try (PointerScope scope = new PointerScope()) {
        Tensor result = forward.apply(input);
        if (gradient != null) {
          result.backward(gradient, null, false, null);
        }
        results.addLast(Torch.keep(result));
      }
      // As in a step, where what was freed last is not what is written next.
      if (results.size() > inputs.size()) {
        results.removeFirst().close();
      }
      double taken = (clock.getAsLong() - start) / 1e9;
      if (i > 0) {
        runs.add(taken);
      }
    }
    results.forEach(Tensor::close);
    inputs.forEach(input -> input.mutable_grad().reset());
    runs.sort(Double::compare);
    return runs.get(runs.size() / 2);
  }

  /** Equal tensors that take turns. */
  List<Tensor> turns(long... shape) {
    Tensor first = normal(shape);
    double bytes = (double) first.numel() * first.element_size();
    int count = (int) Math.max(2, Math.min(MOST_TURNS, turns / bytes));
    List<Tensor> tensors = new ArrayList<>(List.of(first));
    while (tensors.size() < count) {
      tensors.add(first.clone());
    }
    return tensors;
  }

  /** Standard normal numbers. */
  Tensor normal(long... shape) {
    return random.normal(shape).to(dtype).detach();
  }
}
