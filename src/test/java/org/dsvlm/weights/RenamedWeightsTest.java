/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenamedWeightsTest {
  @TempDir Path folder;

  private Safetensors stored() {
    Path file = folder.resolve("stored.safetensors");
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.write(
          file,
          Map.of(
              "model.norm", Torch.of(new float[] {1}, 1),
              "model.unused", Torch.of(new long[] {2}, 1)));
    }
    return Safetensors.open(file);
  }

  @Test
  void readsUnderTheNewName() {
    try (PointerScope scope = new PointerScope();
        WeightSource renamed =
            new RenamedWeights(
                stored(), name -> name.endsWith("unused") ? null : "language_" + name)) {
      assertThat(renamed.names()).containsExactly("language_model.norm");
      assertThat(renamed.shape("language_model.norm")).containsExactly(1);
      assertThat(renamed.dtype("language_model.norm")).isEqualTo(ScalarType.Float);
      assertThat(Torch.floats(renamed.read("language_model.norm"))).containsExactly(1);
      assertThat(renamed.where("language_model.norm"))
          .endsWith("stored.safetensors (stored as 'model.norm')");
      assertThatThrownBy(() -> renamed.read("model.unused"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("no tensor 'model.unused'");
    }
  }

  @Test
  void twoNamesMayNotBecomeOne() {
    try (Safetensors stored = stored()) {
      assertThatThrownBy(() -> new RenamedWeights(stored, name -> "same"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("'model.norm'")
          .hasMessageContaining("'model.unused'");
    }
  }
}
