/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.List;
import org.dsvlm.models.diffusion.CrossAttentionCost;
import org.dsvlm.nn.cost.Tape;

/**
 * The operations of a {@link MoeAttention}.
 *
 * @param trained whether the UNet's own weights are; the router always is
 * @param pictures of the batch
 * @param experts one for each feature, in their order
 * @param crossWidth of a context's token
 */
record MoeAttentionCost(boolean trained, double pictures, List<Expert> experts, double crossWidth)
    implements CrossAttentionCost {
  /**
   * Keys and values of one context.
   *
   * @param tokens of the context, which has a gradient
   * @param trained whether the expert's weights are
   */
  record Expert(double tokens, boolean trained) {}

  /** A context is kept once, for all cross-attentions whose keys and values learn from it. */
  @Override
  public void keepContexts(Tape tape) {
    for (Expert expert : experts) {
      if (expert.trained()) {
        tape.keep(pictures * expert.tokens() * crossWidth);
      }
    }
  }

  @Override
  public void record(Tape tape, double positions, double width, int heads) {
    double rows = pictures * positions;
    tape.linear(rows, width, width, false, trained);
    // The router sees the mean query.
    tape.pointwise(rows * width, 1, 5 * rows * width, 3, 0);
    tape.linear(pictures, width, experts.size(), false, true);
    tape.pointwise(2 * pictures, 2, 2 * pictures, 1, 0);
    tape.joins(true);
    for (Expert expert : experts) {
      double contextRows = pictures * expert.tokens();
      tape.keptAlready().linears(contextRows, crossWidth, false, expert.trained(), width, width);
      tape.accumulate(1, contextRows * crossWidth);
    }
    double tokens = experts.stream().mapToDouble(Expert::tokens).sum();
    tape.expertAttention(pictures, heads, positions, tokens, width / heads, experts.size());
    tape.linear(rows, width, width, true, trained);
  }
}
