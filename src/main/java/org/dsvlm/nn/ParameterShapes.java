/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.dsvlm.weights.WeightSource;
import org.jspecify.annotations.Nullable;

/**
 * Names and shapes of a model's parameters, found by building the model from its configuration
 * without memory for a single weight:
 *
 * <pre>{@code ParameterShapes.of(root -> new Llava(root, config))}</pre>
 */
public final class ParameterShapes {
  private ParameterShapes() {}

  /**
   * All parameters that {@code model} asks for, in the order of asking, with every part that a
   * checkpoint may leave out.
   *
   * @param model builds the model on the parameters it is given
   */
  public static Map<String, long[]> of(Consumer<Parameters> model) {
    return of(model, null);
  }

  /**
   * As {@link #of(Consumer)}, with the optional parts that {@code stored} holds. Nothing else of
   * {@code stored} is looked at: it may lack parameters or have others.
   */
  public static Map<String, long[]> of(Consumer<Parameters> model, @Nullable WeightSource stored) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    try (ParameterStore store = ParameterStore.ofShapes(stored)) {
      model.accept(store.root());
      shapes.putAll(store.shapes());
    }
    return Collections.unmodifiableMap(shapes);
  }

  /** Number of elements of a tensor of {@code shape}. */
  public static long elements(long[] shape) {
    long elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, size);
    }
    return elements;
  }
}
