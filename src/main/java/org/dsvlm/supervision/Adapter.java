/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Parameters;

/** Brings one feature to the width that the UNet's cross-attention reads. */
public interface Adapter {
  /** feature: [pictures, tokens, feature width] in, [pictures, tokens', cross width] out. */
  Tensor forward(Tensor feature);

  /** The adapter that {@code config} asks for, its parameters at {@code parameters}. */
  static Adapter of(
      AdapterConfig config, Parameters parameters, long featureWidth, long crossWidth) {
    return switch (config.kind()) {
      case LINEAR -> new LinearAdapter(parameters, featureWidth, crossWidth);
      case MLP -> new MlpAdapter(parameters, featureWidth, crossWidth);
      case QFORMER ->
          new QFormerAdapter(
              parameters, featureWidth, crossWidth, config.queries(), config.depth());
    };
  }
}
