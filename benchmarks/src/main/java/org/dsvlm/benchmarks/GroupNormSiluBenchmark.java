/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.GroupNormSilu;
import org.openjdk.jmh.annotations.Param;

/** Group normalisation and SiLU in 32 groups; gradients of the map, the weight and the bias. */
public class GroupNormSiluBenchmark extends OperatorBenchmark {
  private static final long GROUPS = 32;
  private static final double EPS = 1e-5;

  @Param("4x320x32x32")
  public String shape;

  private Tensor map;
  private Tensor weight;
  private Tensor bias;
  private Tensor gradient;

  @Override
  void draw(Inputs inputs) {
    MapShape sizes = MapShape.parse(shape);
    map = inputs.leaf(inputs.normal(sizes.sizes()));
    weight = inputs.leaf(inputs.normal(sizes.channels()));
    bias = inputs.leaf(inputs.normal(sizes.channels()));
    gradient = inputs.normal(sizes.sizes());
  }

  @Override
  Tensor result() {
    return GroupNormSilu.forward(map, weight, bias, GROUPS, EPS);
  }

  @Override
  void backward(Tensor result) {
    Inputs.backward(result, gradient);
  }
}
