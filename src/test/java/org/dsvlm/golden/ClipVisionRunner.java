/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.vit.ClipVisionTower;

/** Kind {@code clip_vision}. */
final class ClipVisionRunner extends VisionRunner<ClipVisionTower> {
  ClipVisionRunner() {
    super(ClipVisionTower.class);
  }

  @Override
  Tensor compare(GoldenCase golden, ClipVisionTower tower, List<Tensor> hiddenStates) {
    Tensor last = hiddenStates.get(hiddenStates.size() - 1);
    golden.expect("last_hidden_state", last);
    golden.expect("pooler_output", tower.pooled(last));
    Tensor loss = tower.patches(last).square().mean();
    golden.expect("loss", loss);
    return loss;
  }
}
