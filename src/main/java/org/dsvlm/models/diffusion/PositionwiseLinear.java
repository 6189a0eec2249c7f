/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.dsvlm.kernels.LinearProduct;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Parameters;

/**
 * A linear layer at every position. Stable Diffusion 1.x stores it as a 1×1 convolution ({@code
 * weight} [out, in, 1, 1]), 2.x as what it is ([out, in]); over positions both are the same
 * product.
 */
final class PositionwiseLinear {
  private final Tensor weight;
  private final Tensor bias;
  private final boolean storedAsConvolution;

  private PositionwiseLinear(Parameters parameters, long width, boolean storedAsConvolution) {
    this.weight =
        storedAsConvolution
            ? parameters.get("weight", Init.FAN_IN, width, width, 1, 1)
            : parameters.get("weight", Init.FAN_IN, width, width);
    this.bias = parameters.get("bias", Init.uniform(1 / Math.sqrt(width)), width);
    this.storedAsConvolution = storedAsConvolution;
  }

  static PositionwiseLinear of(Parameters parameters, TransformerShape shape) {
    return new PositionwiseLinear(parameters, shape.channels(), !shape.linearProjection());
  }

  /** x: [batch, positions, width] in, the same out. */
  Tensor forward(Tensor x) {
    Tensor matrix = storedAsConvolution ? weight.flatten(1, 3) : weight;
    return LinearProduct.of(x, matrix, new TensorOptional(bias));
  }
}
