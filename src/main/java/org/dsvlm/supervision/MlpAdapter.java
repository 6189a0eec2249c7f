/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.bytedeco.pytorch.global.torch.gelu;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * Two layers with GELU between, both of the cross-attention's width: {@code linear_1}, {@code
 * linear_2}.
 */
final class MlpAdapter implements Adapter {
  private final Linear linear1;
  private final Linear linear2;

  MlpAdapter(Parameters parameters, long featureWidth, long crossWidth) {
    linear1 = Linear.withBias(parameters.at("linear_1"), featureWidth, crossWidth);
    linear2 = Linear.withBias(parameters.at("linear_2"), crossWidth, crossWidth);
  }

  @Override
  public Tensor forward(Tensor feature) {
    return Torch.tidy(() -> linear2.forward(gelu(linear1.forward(feature))));
  }
}
