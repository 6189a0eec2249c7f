/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The routers' weights of the features, a mean over pictures.
 *
 * @param layers names of the expert layers in running order
 * @param features names of the features, in the order of the routers' outputs
 * @param weights [layers, features], without graph
 */
public record RouterWeights(List<String> layers, List<String> features, Tensor weights) {
  /**
   * By layer and feature, given all elements of {@code weights} in {@code values} from {@code
   * first} on.
   */
  Map<String, Map<String, Double>> named(double[] values, int first) {
    Map<String, Map<String, Double>> named = new LinkedHashMap<>();
    int next = first;
    for (String layer : layers) {
      Map<String, Double> row = new LinkedHashMap<>();
      for (String feature : features) {
        row.put(feature, values[next]);
        next++;
      }
      named.put(layer, row);
    }
    return named;
  }
}
