/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.weights.ConvertedWeights;
import org.dsvlm.weights.HeldWeights;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/** Weights as the parts are shipped: in bfloat16. */
final class Bfloat16Files {
  private Bfloat16Files() {}

  /** Writes {@code tensors} as {@code folder/STEM.safetensors}. */
  static void write(Path folder, String stem, Map<String, Tensor> tensors) {
    try (WeightSource source =
        new ConvertedWeights(new HeldWeights(tensors), ScalarType.BFloat16)) {
      SafetensorsWriter.writeFolder(folder, stem, source, Long.MAX_VALUE);
    }
  }
}
