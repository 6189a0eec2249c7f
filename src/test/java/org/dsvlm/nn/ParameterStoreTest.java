/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.weights.MappedFile;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParameterStoreTest {
  @TempDir Path folder;

  @Test
  void anOptionalPartIsThereIfItIsStoredOrMayStartAtRandom() {
    try (PointerScope scope = new PointerScope()) {
      Path file = folder.resolve("model.safetensors");
      SafetensorsWriter.write(file, Map.of("a.head.weight", Torch.of(new float[] {1, 2}, 2)));
      RandomState random = new RandomState(1);
      try (WeightSource source = Safetensors.open(file);
          ParameterStore stored = ParameterStore.from(source, ScalarType.Float, "cpu");
          ParameterStore mixed =
              ParameterStore.from(
                  source, random, name -> name.startsWith("b."), ScalarType.Float, "cpu");
          ParameterStore drawn = ParameterStore.random(random, ScalarType.Float, "cpu")) {
        assertThat(stored.root().optional("a.head.weight")).isTrue();
        assertThat(stored.root().optional("b.head.weight")).isFalse();
        assertThat(mixed.root().optional("a.head.weight")).isTrue();
        assertThat(mixed.root().optional("b.head.weight")).isTrue();
        assertThat(mixed.root().optional("c.head.weight")).isFalse();
        assertThat(drawn.root().optional("c.head.weight")).isTrue();
      }
    }
  }

  @Test
  @BadInput(
      number = 25,
      value = "a tensor of another shape than config.json asks for, or a missing one",
      then = "an error with file, tensor and both shapes")
  void aShapeThatTheConfigurationDoesNotAskFor() {
    try (PointerScope scope = new PointerScope()) {
      Path file = folder.resolve("model.safetensors");
      SafetensorsWriter.write(file, Map.of("norm.weight", Torch.of(new float[] {1, 2}, 2)));
      try (WeightSource source = WeightFolder.open(folder);
          ParameterStore store = ParameterStore.from(source, ScalarType.Double, "cpu")) {
        Parameters norm = store.root().at("norm");
        assertThatThrownBy(() -> norm.get("weight", Init.ONES, 3))
            .isInstanceOf(DsVlmException.class)
            .hasMessageContaining(file.toString())
            .hasMessageContaining("'norm.weight' has shape [2]")
            .hasMessageContaining("asks for [3]");
        assertThatThrownBy(() -> norm.get("weight", Init.ONES, 2, 1))
            .isInstanceOf(DsVlmException.class)
            .hasMessageContaining("asks for [2, 1]");
        assertThatThrownBy(() -> norm.get("bias", Init.ZEROS, 2))
            .isInstanceOf(DsVlmException.class)
            .hasMessageContaining("'norm.bias' is missing");
        assertThat(Torch.doubles(norm.get("weight", Init.ONES, 2))).containsExactly(1, 2);
      }
    }
  }

  @Test
  void mappedParametersAreTheFilesOwnAndOutliveTheSource() {
    System.setProperty(MappedFile.MAP_FROM, "0");
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.write(
          folder.resolve("model.safetensors"), Map.of("weight", Torch.of(new float[] {1, 2}, 2)));
      WeightSource source = WeightFolder.open(folder);
      try (ParameterStore mapped = ParameterStore.mapped(source, ScalarType.Float, "cpu");
          ParameterStore other = ParameterStore.mapped(source, ScalarType.Double, "cpu");
          ParameterStore copied = ParameterStore.from(source, ScalarType.Float, "cpu")) {
        Tensor weight = mapped.root().get("weight", Init.ONES, 2);
        Tensor file = source.read("weight");
        assertThat(weight.data_ptr().address()).isEqualTo(file.data_ptr().address());
        assertThat(copied.root().get("weight", Init.ONES, 2).data_ptr().address())
            .isNotEqualTo(file.data_ptr().address());
        assertThat(Torch.doubles(other.root().get("weight", Init.ONES, 2))).containsExactly(1, 2);
        source.close();
        assertThat(Torch.doubles(weight)).containsExactly(1, 2);
      }
    } finally {
      System.clearProperty(MappedFile.MAP_FROM);
    }
  }

  @Test
  @Closes(ParameterStore.class)
  void aClosedStoreSaysSo() {
    ParameterStore store = ParameterStore.random(new RandomState(1), ScalarType.Float, "cpu");
    Parameters root = store.root();
    root.get("weight", Init.ONES, 2);
    Closed.saysSo(
        store,
        () -> root.get("weight", Init.ONES, 2),
        store::tensors,
        () -> store.setTrainable(name -> true));
  }
}
