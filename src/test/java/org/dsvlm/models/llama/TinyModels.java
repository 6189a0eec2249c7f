/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;

/** Models small enough to run in a test. */
final class TinyModels {
  /** Two layers, four query heads on two key heads, 50 tokens, context 32. */
  static final LlamaConfig CONFIG =
      new LlamaConfig(
          new Qwen2Family(),
          50,
          16,
          24,
          2,
          4,
          2,
          4,
          32,
          1e-5,
          100,
          new RopeScaling.None(),
          true,
          false,
          false,
          false,
          0.3);

  private TinyModels() {}

  static ParameterStore store() {
    return ParameterStore.random(new RandomState(7), ScalarType.Double, "cpu");
  }
}
