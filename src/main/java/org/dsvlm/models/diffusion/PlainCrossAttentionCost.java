/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.dsvlm.nn.cost.Tape;

/**
 * The operations of a {@link PlainCrossAttention}, which reads all contexts in a row.
 *
 * @param trained whether its own weights are
 * @param pictures of the batch
 * @param tokens of all contexts of one picture, each with a gradient
 * @param crossWidth of a token
 */
public record PlainCrossAttentionCost(
    boolean trained, double pictures, double tokens, double crossWidth)
    implements CrossAttentionCost {
  @Override
  public void record(Tape tape, double positions, double width, int heads) {
    double rows = pictures * positions;
    tape.linear(rows, width, width, false, trained);
    tape.joins(true);
    tape.pointwise(2 * pictures * tokens * crossWidth, 1, 0, 0, 0);
    tape.linears(pictures * tokens, crossWidth, false, trained, width, width);
    tape.attention(pictures, heads, heads, positions, tokens, width / heads);
    tape.keptAlready().linear(rows, width, width, true, trained);
  }
}
