/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {
  @TempDir private Path root;

  private static CheckpointFolder.Position at(long step) {
    return new CheckpointFolder.Position(1, step, step, 3, 1);
  }

  private static Map<String, Tensor> tensor(double value) {
    return Map.of("a.weight", Torch.of(new double[] {value, 2}, 2));
  }

  @Test
  void giveBackWhatWasSaved() {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 2);
      assertThat(checkpoints.latest()).isEmpty();
      checkpoints.save(at(3), tensor(0.1), tensor(0.2));
      Map<String, Tensor> model = tensor(0);
      Map<String, Tensor> optimizer = tensor(0);
      CheckpointFolder.Position position = checkpoints.latest().orElseThrow();
      checkpoints.loadModel(position, model);
      checkpoints.loadOptimizer(position, optimizer);
      assertThat(position).isEqualTo(at(3));
      assertThat(Torch.doubles(model.get("a.weight"))).containsExactly(0.1, 2);
      assertThat(Torch.doubles(optimizer.get("a.weight"))).containsExactly(0.2, 2);
    }
  }

  @Test
  void keepsTheLatestByNumber() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 2);
      for (long step : new long[] {8, 9, 10}) {
        checkpoints.save(at(step), tensor(step), tensor(step));
      }
      assertThat(checkpoints.latest()).isEqualTo(Optional.of(at(10)));
      try (Stream<Path> folders = Files.list(root)) {
        assertThat(folders.map(path -> path.getFileName().toString()))
            .containsExactlyInAnyOrder("step-9", "step-10");
      }
    }
  }

  @Test
  void aTensorOfAnotherShapeIsRefused() {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 1);
      checkpoints.save(at(1), tensor(1), tensor(1));
      Map<String, Tensor> wider = Map.of("a.weight", Torch.of(new double[3], 3));
      assertThatThrownBy(() -> checkpoints.loadModel(at(1), wider))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("model.safetensors")
          .hasMessageContaining("a.weight");
    }
  }
}
