/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.Ssim;
import org.dsvlm.tensor.Torch;
import org.openjdk.jmh.annotations.Param;

/**
 * Structural similarity of pictures with their reconstructions; the gradient is the
 * reconstruction's, as in training.
 */
public class SsimBenchmark extends OperatorBenchmark {
  @Param({"4x3x256x256", "16x3x64x64"})
  public String shape;

  private Tensor x;
  private Tensor y;

  @Override
  void draw(Inputs inputs) {
    long[] sizes = MapShape.parse(shape).sizes();
    x = inputs.leaf(inputs.uniform(sizes));
    Tensor noise = inputs.uniform(sizes);
    y = inputs.own(() -> x.add(noise).div(Torch.scalar(2)));
  }

  @Override
  Tensor result() {
    return Ssim.perSample(x, y, Ssim.Border.VALID, 1.0);
  }
}
