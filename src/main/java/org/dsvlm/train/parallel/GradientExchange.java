/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.ScalarTypeOptional;
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
   * @param microBatches of this process
   * @param counts of this process's records
   * @return the sums of the counts over all processes
   */
  default double[] begin(int microBatches, double... counts) {
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

  /**
   * After the last backward pass: every gradient becomes the sum over all processes. A second call
   * in a step does nothing.
   */
  default void finishGradients() {}

  /**
   * The step's figures over all processes, the same in each.
   *
   * @param own this process's
   * @param clipping of the gradients that this process's optimizer sees
   * @param normOfEach their norms
   */
  default StepTotals gather(
      StepLosses.Figures own, GradientClipping clipping, double[] normOfEach) {
    return new StepTotals(own, GradientClipping.norms(clipping.squares(normOfEach)));
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

  /**
   * That of one process alone: gradients of bfloat16 parameters add up over the micro batches in
   * float32.
   */
  static GradientExchange alone(List<ParameterGroup> groups) {
    groups.forEach(group -> group.parameters().values().forEach(GradientExchange::addUpWide));
    return () -> groups;
  }

  private static void addUpWide(Tensor parameter) {
    parameter.set_grad_dtype(new ScalarTypeOptional(GradientBucket.typeOfSums(parameter)));
  }
}
