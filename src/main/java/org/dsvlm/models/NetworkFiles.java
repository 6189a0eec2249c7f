/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.RandomWeights;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;

/**
 * One network of a model folder.
 *
 * @param folder where its weights lie in the model folder; empty for the folder itself
 * @param stem what the files of weights are called, but for their ending
 * @param network builds the network on the parameters it is given
 * @param storedName from the network's name of a parameter to the one in the files
 */
public record NetworkFiles(
    String folder, String stem, Consumer<Parameters> network, UnaryOperator<String> storedName) {

  /** Shape of each tensor by its name in the files, in the order of the network. */
  public Map<String, long[]> shapes() {
    Map<String, long[]> stored = new LinkedHashMap<>();
    ParameterShapes.of(network).forEach((name, shape) -> stored.put(storedName.apply(name), shape));
    return Collections.unmodifiableMap(stored);
  }

  /** Random weights under their names in the files, drawn when they are read. */
  public WeightSource randomWeights(RandomState random, ScalarType dtype) {
    RandomState own = folder.isEmpty() ? random : random.fork(folder);
    return new RenamedWeights(new RandomWeights(network, own, dtype), storedName);
  }
}
