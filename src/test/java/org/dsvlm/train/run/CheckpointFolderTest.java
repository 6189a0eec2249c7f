/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.HeldWeights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
      checkpoints.save(at(3), tensor(0.1), new HeldWeights(tensor(0.2)));
      Map<String, Tensor> model = tensor(0);
      Map<String, Tensor> optimizer = tensor(0);
      CheckpointFolder.Position position = checkpoints.latest().orElseThrow();
      checkpoints.loadModel(position, model);
      checkpoints.loadOptimizer(position, optimizer, (name, whole) -> whole);
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
        checkpoints.save(at(step), tensor(step), new HeldWeights(tensor(step)));
      }
      assertThat(checkpoints.latest()).isEqualTo(Optional.of(at(10)));
      try (Stream<Path> folders = Files.list(root)) {
        assertThat(folders.map(path -> path.getFileName().toString()))
            .containsExactlyInAnyOrder("step-9", "step-10");
      }
    }
  }

  @Test
  @BadInput(
      number = {54, 59},
      value = "a temporary folder left by a killed save",
      then = "it counts as no checkpoint and is removed")
  void aSaveThatWasKilledIsNoCheckpointAndIsCleared() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 2);
      checkpoints.save(at(3), tensor(1), new HeldWeights(tensor(1)));
      Path half = Files.createDirectories(root.resolve(".step-4.tmp-1-1"));
      Files.copy(root.resolve("step-3/model.safetensors"), half.resolve("model.safetensors"));
      assertThat(checkpoints.latest()).contains(at(3));
      assertThat(half).as("the stale temporary folder").doesNotExist();
    }
  }

  @Test
  void whatWasNotSavedSoIsRefused() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 2);
      checkpoints.save(at(3), tensor(1), new HeldWeights(tensor(1)));
      checkpoints.save(at(4), tensor(1), new HeldWeights(tensor(1)));
      Path last = root.resolve("step-4");
      Path file = last.resolve("optimizer.safetensors");
      byte[] whole = Files.readAllBytes(file);
      byte[] flipped = whole.clone();
      flipped[flipped.length - 1] ^= 1;
      Files.write(file, flipped);
      isRefused(checkpoints, file + ": is damaged: SHA-256 ");
      Files.write(file, Arrays.copyOf(whole, whole.length - 1));
      isRefused(checkpoints, "has " + (whole.length - 1) + " bytes, but manifest.json says ");
      Files.delete(file);
      isRefused(checkpoints, file + ": is missing; delete " + last);
      for (String name : List.of("model.safetensors", "position.json", "manifest.json")) {
        Files.delete(last.resolve(name));
      }
      Files.delete(last);
      assertThat(checkpoints.latest()).contains(at(3));
    }
  }

  private static void isRefused(CheckpointFolder checkpoints, String message) {
    assertThatThrownBy(checkpoints::latest)
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theLastOneBeforeAStepIsFound() {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 3);
      checkpoints.save(at(9), tensor(1), new HeldWeights(tensor(1)));
      checkpoints.save(at(10), tensor(1), new HeldWeights(tensor(1)));
      assertThat(checkpoints.lastBefore(11)).contains(root.resolve("step-10"));
      assertThat(checkpoints.lastBefore(10)).contains(root.resolve("step-9"));
      assertThat(checkpoints.lastBefore(9)).isEmpty();
    }
  }

  @Test
  void aTensorOfAnotherShapeIsRefused() {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 1);
      checkpoints.save(at(1), tensor(1), new HeldWeights(tensor(1)));
      Map<String, Tensor> wider = Map.of("a.weight", Torch.of(new double[3], 3));
      assertThatThrownBy(() -> checkpoints.loadModel(at(1), wider))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("model.safetensors")
          .hasMessageContaining("a.weight");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "optimizer.safetensors", "position.json"})
  @BadInput(
      number = 54,
      value = "a checkpoint whose manifest does not list its files",
      then = "an error that names the file and says what to delete")
  void aManifestDemandsItsFiles(String name) throws IOException {
    try (PointerScope scope = new PointerScope()) {
      CheckpointFolder checkpoints = new CheckpointFolder(root, 2);
      checkpoints.save(at(3), tensor(0.1), new HeldWeights(tensor(0.2)));
      Path manifest = root.resolve("step-3").resolve("manifest.json");
      ObjectNode json = (ObjectNode) new ObjectMapper().readTree(manifest.toFile());
      json.remove(name);
      Files.writeString(manifest, json.toString());
      assertThatThrownBy(checkpoints::latest)
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith(manifest + ": does not list " + name)
          .hasMessageContaining("delete " + root.resolve("step-3"));
    }
  }
}
