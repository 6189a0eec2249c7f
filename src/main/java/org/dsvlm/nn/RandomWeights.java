/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;

/**
 * The parameters that a model would start from at random, each drawn when it is read and not kept:
 * the same numbers as {@link ParameterStore#random} gives, for models larger than the memory.
 */
public final class RandomWeights implements WeightSource {
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, Init> starts;
  private final RandomState random;
  private final ScalarType dtype;

  /**
   * @param model builds the model on the parameters it is given
   * @param dtype of what is read
   */
  public RandomWeights(Consumer<Parameters> model, RandomState random, ScalarType dtype) {
    this.random = random;
    this.dtype = dtype;
    try (ParameterStore store = ParameterStore.ofShapes(null)) {
      model.accept(store.root());
      shapes.putAll(store.shapes());
      starts = Map.copyOf(store.starts());
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(shapes.keySet());
  }

  @Override
  public long[] shape(String name) {
    return known(name).clone();
  }

  @Override
  public ScalarType dtype(String name) {
    known(name);
    return dtype;
  }

  @Override
  public Tensor read(String name) {
    long[] shape = known(name);
    Init start = Objects.requireNonNull(starts.get(name));
    return Torch.withoutGradient(() -> start.sample(random.fork(name), shape).to(dtype));
  }

  private long[] known(String name) {
    long[] shape = shapes.get(name);
    if (shape == null) {
      throw new DsVlmException("the model has no parameter '" + name + "'");
    }
    return shape;
  }

  @Override
  public String where(String name) {
    return "random weights";
  }

  /** Nothing is held. */
  @Override
  public void close() {}
}
