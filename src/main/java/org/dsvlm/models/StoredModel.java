/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models;

import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.dsvlm.nn.Parameters;
import org.dsvlm.weights.WeightSource;

/**
 * A model as it lies in a folder, its weights not read yet.
 *
 * @param description in a line for people
 * @param module builds the network on the parameters it is given
 * @param partOf from a parameter's name to the part of the model that it belongs to
 * @param weights by the names of the network
 */
public record StoredModel(
    String description,
    Consumer<Parameters> module,
    UnaryOperator<String> partOf,
    WeightSource weights)
    implements AutoCloseable {

  @Override
  public void close() {
    weights.close();
  }
}
