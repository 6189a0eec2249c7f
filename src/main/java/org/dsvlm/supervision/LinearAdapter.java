/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;

/** One matrix and a bias: {@code adapters.<feature>.weight} and {@code .bias}. */
final class LinearAdapter implements Adapter {
  private final Linear linear;

  LinearAdapter(Parameters parameters, long featureWidth, long crossWidth) {
    linear = Linear.withBias(parameters, featureWidth, crossWidth);
  }

  @Override
  public Tensor forward(Tensor feature) {
    return linear.forward(feature);
  }
}
