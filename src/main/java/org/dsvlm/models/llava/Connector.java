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

/** From the width of the vision tower to that of the language model: linear, exact GELU, linear. */
final class Connector {
  private final Linear linear1;
  private final Linear linear2;

  Connector(Parameters parameters, LlavaConfig config) {
    int width = config.text().hiddenSize();
    checkWidth(parameters.at("linear_2"), width);
    Init init = Init.normal(config.text().initializerRange());
    boolean bias = config.connectorBias();
    linear1 = Linear.of(parameters.at("linear_1"), init, config.connectorInput(), width, bias);
    linear2 = Linear.of(parameters.at("linear_2"), init, width, width, bias);
  }

  private static void checkWidth(Parameters linear2, int languageWidth) {
    if (!linear2.loaded() || !linear2.has("weight")) {
      return;
    }
    long connectorWidth = linear2.storedShape("weight")[0];
    if (connectorWidth != languageWidth) {
      throw new DsVlmException(
          "the connector ('"
              + linear2.name("weight")
              + "') makes vectors of width "
              + connectorWidth
              + ", but the language model takes "
              + languageWidth
              + " (hidden_size); these parts were not trained together");
    }
  }

  /** features: [pictures, tokens, vision width] in, [pictures, tokens, language width] out. */
  Tensor forward(Tensor features) {
    return linear2.forward(torch.gelu(linear1.forward(features)));
  }
}
