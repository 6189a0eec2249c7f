/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.PerceptualDistance;
import org.openjdk.jmh.annotations.Param;

/**
 * The head of LPIPS: the distances of all layers, added. The default is VGG-16 on four pictures of
 * 192 × 192; target and channel weights are fixed, as in training.
 */
public class PerceptualDistanceBenchmark extends OperatorBenchmark {
  @Param("vgg16:4x192")
  public String shape;

  private record Layer(Tensor features, Tensor target, Tensor weights) {}

  private List<Layer> layers;

  @Override
  void draw(Inputs inputs) {
    layers =
        MapShape.parseAll(shape).stream()
            .map(
                layer ->
                    new Layer(
                        inputs.leaf(inputs.uniform(layer.sizes())),
                        inputs.uniform(layer.sizes()),
                        inputs.uniform(layer.channels())))
            .toList();
  }

  @Override
  Tensor result() {
    return layers.stream()
        .map(l -> PerceptualDistance.perSample(l.features(), l.target(), l.weights()))
        .reduce(Tensor::add)
        .orElseThrow();
  }
}
