/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** The operations of a LLaVA's {@link Connector}, which always trains. */
final class ConnectorCost {
  private ConnectorCost() {}

  /**
   * Writes them down.
   *
   * @param pictures of the batch
   * @param differentiated whether the encoder's features have a gradient
   */
  static void record(Tape tape, LlavaConfig config, double pictures, boolean differentiated) {
    double rows = pictures * config.imageTokens();
    double width = config.text().hiddenSize();
    boolean biased = config.connectorBias();
    tape.enter(Part.CONNECTOR, differentiated);
    tape.linear(rows, config.connectorInput(), width, biased, true);
    if (config.connectorLayers() == LlavaConfig.CONNECTOR_LAYERS) {
      tape.activation(Function.GELU, rows * width);
      tape.linear(rows, width, width, biased, true);
    }
  }
}
