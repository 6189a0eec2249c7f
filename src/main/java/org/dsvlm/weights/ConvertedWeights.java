/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/**
 * A {@link WeightSource} whose tensors are read in another type; whole numbers stay as they are.
 */
public final class ConvertedWeights extends WeightFilter {
  private final ScalarType dtype;

  /** Reads {@code source} as {@code dtype}; closing this closes it. */
  public ConvertedWeights(WeightSource source, ScalarType dtype) {
    super(source);
    this.dtype = dtype;
  }

  @Override
  public ScalarType dtype(String name) {
    ScalarType stored = super.dtype(name);
    return torch.isFloatingType(stored) ? dtype : stored;
  }

  @Override
  public Tensor read(String name) {
    return Torch.tidy(() -> super.read(name).to(dtype(name)));
  }
}
