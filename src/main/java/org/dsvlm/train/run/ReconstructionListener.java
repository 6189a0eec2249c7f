/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import org.bytedeco.pytorch.Tensor;

/** Receives the supervision's reconstructions during training. */
@FunctionalInterface
public interface ReconstructionListener {
  /**
   * A micro batch was reconstructed.
   *
   * @param stepsBefore steps of stages 1 and 2 done before
   * @param pictures [pictures, 3, S, S] in [-1, 1]
   * @param reconstructions of the same shape, nominally in [-1, 1], possibly with a graph
   */
  void reconstructed(long stepsBefore, Tensor pictures, Tensor reconstructions);
}
