/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** A part that is computed as it is written, and not trained in steps. */
abstract class PartWithoutSteps implements PartTraining {
  @Override
  public final Map<String, Tensor> parameters() {
    return Map.of();
  }

  @Override
  public final Loss loss(long step) {
    throw new IllegalStateException("this part is not trained in steps");
  }

  @Override
  public void close() {}
}
