/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * From the width of the vision tower to that of the language model: {@code linear_1}, exact GELU,
 * {@code linear_2}, or {@code linear} alone as in the first LLaVA.
 */
final class Connector {
  private final Linear first;
  private final @Nullable Linear second;

  Connector(Parameters parameters, LlavaConfig config) {
    int width = config.text().hiddenSize();
    boolean alone = config.connectorLayers() == 1;
    checkWidth(parameters.at(alone ? "linear" : "linear_2"), width);
    Init init = Init.normal(config.text().initializerRange());
    boolean bias = config.connectorBias();
    Parameters reads = parameters.at(alone ? "linear" : "linear_1");
    first = Linear.of(reads, init, config.connectorInput(), width, bias);
    second = alone ? null : Linear.of(parameters.at("linear_2"), init, width, width, bias);
  }

  private static void checkWidth(Parameters last, int languageWidth) {
    if (!last.loaded() || !last.has("weight")) {
      return;
    }
    long connectorWidth = last.storedShape("weight")[0];
    if (connectorWidth != languageWidth) {
      throw new DsVlmException(
          "the connector ('"
              + last.name("weight")
              + "') makes vectors of width "
              + connectorWidth
              + ", but the language model takes "
              + languageWidth
              + " (hidden_size); these parts were not trained together");
    }
  }

  /** features: [pictures, tokens, vision width] in, [pictures, tokens, language width] out. */
  Tensor forward(Tensor features) {
    Tensor projected = first.forward(features);
    return second == null ? projected : second.forward(torch.gelu(projected));
  }
}
