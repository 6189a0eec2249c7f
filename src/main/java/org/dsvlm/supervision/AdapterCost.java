/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/**
 * The operations of the adapter between a feature and the UNet; it is trained.
 *
 * @param tape entered already, as the feature may have a gradient or not
 * @param config settings that the recipe gives
 * @param pictures of the batch
 * @param tokens of the feature of one picture
 * @param featureWidth of the feature
 * @param crossWidth of the context
 */
public record AdapterCost(
    Tape tape,
    AdapterConfig config,
    double pictures,
    double tokens,
    double featureWidth,
    double crossWidth) {
  private static final double HEAD_WIDTH = 64;

  /** Writes them down; gives the tokens of the context of one picture. */
  static double record(
      Tape tape,
      AdapterConfig config,
      boolean differentiated,
      double pictures,
      double tokens,
      double featureWidth,
      double crossWidth) {
    tape.enter(Part.SUPERVISION, differentiated);
    return config
        .kind()
        .cost(new AdapterCost(tape, config, pictures, tokens, featureWidth, crossWidth));
  }

  /** One matrix and a bias; the context has the feature's tokens. */
  public double linear() {
    tape.linear(pictures * tokens, featureWidth, crossWidth, true, true);
    return tokens;
  }

  /** {@link #linear}, GELU and another matrix. */
  double mlp() {
    linear();
    double rows = pictures * tokens;
    tape.activation(Function.GELU, rows * crossWidth);
    tape.linear(rows, crossWidth, crossWidth, true, true);
    return tokens;
  }

  /** Layers of queries; the context has as many tokens as there are queries. */
  double qformer() {
    for (int layer = 0; layer < config.depth(); layer++) {
      queryLayer();
    }
    tape.layerNorm(pictures * config.queries(), crossWidth, true);
    return config.queries();
  }

  private void queryLayer() {
    double queries = config.queries();
    double width = crossWidth;
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
