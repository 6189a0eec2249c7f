/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are replaced while tensors are read from them. */
class ReplacedFileTest {
  @TempDir Path folder;

  @Test
  @BadInput(
      number = 26,
      value = "saving over a file that is mapped or open",
      then =
          "the new file replaces the old one whole, and tensors read from the old one keep their values")
  void savingOverAMappedFile() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.write(file, Map.of("a", Torch.of(new float[] {1, 2, 3}, 3)));
      try (Safetensors source = Safetensors.open(file)) {
        Tensor mapped = source.read("a");
        SafetensorsWriter.write(file, Map.of("a", mapped.mul(Torch.scalar(10))));
        assertThat(Torch.floats(mapped)).containsExactly(1, 2, 3);
        // The mapped tensor itself may be what is saved over its own file.
        SafetensorsWriter.write(file, Map.of("a", mapped, "b", mapped));
        assertThat(Torch.floats(source.read("a"))).containsExactly(1, 2, 3);
      }
      try (Safetensors source = Safetensors.open(file)) {
        assertThat(source.names()).containsExactly("a", "b");
        assertThat(Torch.floats(source.read("b"))).containsExactly(1, 2, 3);
        assertThat(source.dtype("b")).isEqualTo(ScalarType.Float);
      }
    }
  }

  /** Nothing is mapped before the first read, and the name may belong to another file by then. */
  @Test
  @BadInput(
      number = 26,
      value = "saving over a file that is mapped or open",
      then =
          "the new file replaces the old one whole, and tensors read from the old one keep their values")
  void savingOverAFileThatIsOpenButNotYetRead() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.write(
          file,
          Map.of("a", Torch.of(new float[] {1, 2, 3}, 3), "b", Torch.of(new double[] {4, 5}, 2)));
      try (Safetensors source = Safetensors.open(file)) {
        SafetensorsWriter.write(file, Map.of("other", Torch.of(new float[100], 100)));
        assertThat(Torch.floats(source.read("a"))).containsExactly(1, 2, 3);
        Files.delete(file);
        assertThat(Torch.doubles(source.read("b"))).containsExactly(4, 5);
      }
    }
  }
}
