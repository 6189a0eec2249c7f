/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.toy;

import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.supervision.Adapter;
import org.dsvlm.supervision.AdapterConfig;
import org.dsvlm.supervision.AdapterCost;
import org.dsvlm.supervision.NamedAdapter;
import org.dsvlm.tensor.Torch;

/** An adapter that the library does not know: the first half of the tokens, through one matrix. */
public final class ToyAdapter implements NamedAdapter {
  @Override
  public String key() {
    return "toy_half";
  }

  @Override
  public Adapter build(
      AdapterConfig config, Parameters parameters, long featureWidth, long crossWidth) {
    Linear linear = Linear.withoutBias(parameters, featureWidth, crossWidth);
    return feature ->
        Torch.tidy(() -> linear.forward(feature.narrow(1, 0, (feature.size(1) + 1) / 2)));
  }

  @Override
  public double cost(AdapterCost cost) {
    double kept = Math.ceil(cost.tokens() / 2);
    cost.tape().linear(cost.pictures() * kept, cost.featureWidth(), cost.crossWidth(), false, true);
    return kept;
  }
}
