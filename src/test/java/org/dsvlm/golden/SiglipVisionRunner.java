/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.vit.SiglipVisionTower;

/** Kind {@code siglip_vision}. */
final class SiglipVisionRunner extends VisionRunner<SiglipVisionTower> {
  SiglipVisionRunner() {
    super(SiglipVisionTower.class);
  }

  @Override
  Tensor compare(GoldenCase golden, SiglipVisionTower tower, List<Tensor> hiddenStates) {
    Tensor last = tower.output(hiddenStates.get(hiddenStates.size() - 1));
    golden.expect("last_hidden_state", last);
    golden.expect("pooler_output", tower.pooled(last));
    return tower.patches(hiddenStates.get(hiddenStates.size() - 2)).square().mean();
  }
}
