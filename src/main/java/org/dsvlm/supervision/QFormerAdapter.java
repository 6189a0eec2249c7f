/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * Learned queries that read the feature (the idea of BLIP-2's Q-Former, Li et al. 2023, in the
 * pre-norm form): the context has as many tokens as there are queries, whatever the feature has.
 */
final class QFormerAdapter implements Adapter {
  private final Tensor queries;
  private final List<QFormerLayer> layers = new ArrayList<>();
  private final LayerNorm norm;

  QFormerAdapter(
      Parameters parameters, long featureWidth, long crossWidth, int queries, int depth) {
    this.queries = parameters.get("queries", Init.normal(0.02), 1, queries, crossWidth);
    for (int i = 0; i < depth; i++) {
      layers.add(new QFormerLayer(parameters.at("layers").at(i), featureWidth, crossWidth));
    }
    norm = new LayerNorm(parameters.at("norm"), crossWidth, 1e-5);
  }

  @Override
  public Tensor forward(Tensor feature) {
    return Torch.tidy(
        () -> {
          Tensor x = queries.expand(feature.size(0), -1, -1);
          for (QFormerLayer layer : layers) {
            x = layer.forward(x, feature);
          }
          return norm.forward(x);
        });
  }
}
