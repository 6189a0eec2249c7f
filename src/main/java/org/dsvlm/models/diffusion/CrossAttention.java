/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Attention from the picture's positions to conditioning tokens. */
public interface CrossAttention {
  /**
   * hiddenStates: [batch, positions, inner]; contexts: one or several [batch, tokens, crossWidth];
   * result: [batch, positions, inner].
   */
  Tensor forward(Tensor hiddenStates, List<Tensor> contexts);
}
