/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** The operations of the adapter between a feature and the UNet; it is trained. */
final class AdapterCost {
  private static final double HEAD_WIDTH = 64;

  private AdapterCost() {}

  /**
   * Writes them down.
   *
   * @param differentiated whether the feature has a gradient
   * @return tokens of the context of one picture
   */
  static double record(
      Tape tape,
      AdapterConfig config,
      boolean differentiated,
      double pictures,
      double tokens,
      double featureWidth,
      double crossWidth) {
    tape.enter(Part.SUPERVISION, differentiated);
    double rows = pictures * tokens;
    if (config.kind() == AdapterConfig.AdapterType.QFORMER) {
      for (int layer = 0; layer < config.depth(); layer++) {
        queryLayer(tape, pictures, config.queries(), tokens, featureWidth, crossWidth);
      }
      tape.layerNorm(pictures * config.queries(), crossWidth, true);
      return config.queries();
    }
    tape.linear(rows, featureWidth, crossWidth, true, true);
    if (config.kind() == AdapterConfig.AdapterType.MLP) {
      tape.activation(Function.GELU, rows * crossWidth);
      tape.linear(rows, crossWidth, crossWidth, true, true);
    }
    return tokens;
  }

  private static void queryLayer(
      Tape tape,
      double pictures,
      double queries,
      double tokens,
      double featureWidth,
      double width) {
    double rows = pictures * queries;
    double featureRows = pictures * tokens;
    double heads = width % HEAD_WIDTH == 0 ? width / HEAD_WIDTH : 1;
    tape.layerNorm(rows, width, true);
    tape.linears(rows, width, true, true, width, width, width);
    tape.attention(pictures, heads, heads, queries, queries, width / heads);
    tape.keptAlready().linear(rows, width, width, true, true);
    tape.add(rows * width);
    tape.layerNorm(rows, width, true);
    tape.layerNorm(featureRows, featureWidth, true);
    tape.linear(rows, width, width, true, true);
    tape.linears(featureRows, featureWidth, true, true, width, width);
    tape.attention(pictures, heads, heads, queries, tokens, width / heads);
    tape.keptAlready().linear(rows, width, width, true, true);
    tape.add(rows * width);
    tape.layerNorm(rows, width, true);
    tape.linear(rows, width, 4 * width, true, true);
    tape.activation(Function.GELU, rows * 4 * width);
    tape.linear(rows, 4 * width, width, true, true);
    tape.add(rows * width);
  }
}
