/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.weights.HeldWeights;
import org.dsvlm.weights.WeightSource;

/**
 * The exchange between the processes of a run in one stage. The methods are called in the order of
 * their declaration, step by step; {@link #aside} and the sums between a step's backward passes or
 * after them, by all processes. A single process has nothing to do.
 */
public interface GradientExchange extends AutoCloseable {
  /** The parameters that this process's optimizer updates. */
  List<ParameterGroup> groups();

  /** The part of the saved state {@code name} that this process's optimizer keeps. */
  default Tensor portion(String name, Tensor whole) {
    return whole;
  }

  /**
   * Before a step's first backward pass.
   *
   * @param counts of this process's records
   * @return the sums over all processes
   */
  default double[] begin(double... counts) {
    return counts;
  }

  /** Before each micro batch's backward passes. */
  default void beginMicroBatch(boolean last) {}

  /**
   * Runs backward passes whose gradients are no part of the step's. {@code passes} takes the
   * parameters' gradients off before, and puts the same tensors back.
   */
  default void aside(Runnable passes) {
    passes.run();
  }

  /** Replaces each of {@code tensors} by its sum over all processes. */
  default void sum(List<Tensor> tensors) {}

  /** The sums of {@code values} over all processes. */
  default double[] sum(double... values) {
    return values;
  }

  /** After the last backward pass: every gradient becomes the sum over all processes. */
  default void finishGradients() {}

  /**
   * Norms of the gradients over all processes.
   *
   * @param own the gradients that this process's optimizer sees
   * @param ofEach their norms
   */
  default GradientClipping.Norms norms(GradientClipping own, double[] ofEach) {
    return own.norms(own.squares(ofEach));
  }

  /** The figures over all processes; processes other than the first get the total only. */
  default StepLosses.Figures gather(StepLosses.Figures own) {
    return own;
  }

  /** After the optimizer's update. */
  default void updated() {}

  /** At the end of a step: drops all gradients that the optimizer does not know. */
  default void drop() {}

  /** Whether {@code stop} is true in any process. */
  default boolean any(boolean stop) {
    return stop;
  }

  /** In the first process, gives {@code writer} the whole of the optimizer's {@code state}. */
  default void write(Map<String, Tensor> state, Consumer<WeightSource> writer) {
    writer.accept(new HeldWeights(state));
  }

  @Override
  default void close() {}

  /** That of one process alone. */
  static GradientExchange alone(List<ParameterGroup> groups) {
    return () -> groups;
  }
}
