/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.dsvlm.nn.cost.Tape;

/** The operations of a UNet's cross-attentions; who provides a {@link CrossAttention} counts it. */
public interface CrossAttentionCost {
  /** Writes down what is kept once for all cross-attentions of a pass. */
  default void keepContexts(Tape tape) {}

  /**
   * Writes one down.
   *
   * @param positions of one picture's map
   * @param width of a position, that of all heads
   */
  void record(Tape tape, double positions, double width, int heads);
}
