/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.PickleFiles;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadedLlavaTest {
  @TempDir Path folder;
  private final PointerScope scope = new PointerScope();

  @AfterEach
  void free() {
    scope.close();
  }

  private static LoadedLlava open(Path folder) {
    return LoadedLlava.open(folder, ScalarType.Float, "cpu");
  }

  private void writeConfig(ObjectNode json) throws IOException {
    new ObjectMapper().writeValue(folder.resolve("config.json").toFile(), json);
  }

  /** Writes the stored model under other names, null leaving a tensor out. */
  private static void copy(Path from, Path to, UnaryOperator<String> name) {
    try (Safetensors stored = Safetensors.open(from)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String own : stored.names()) {
        if (name.apply(own) != null) {
          tensors.put(name.apply(own), stored.read(own));
        }
      }
      SafetensorsWriter.write(to, tensors);
    }
  }

  private static double[] logits(LoadedLlava checkpoint) {
    Features features = checkpoint.model().encode(torch.ones(1, 3, 56, 56));
    long token = checkpoint.config().imageToken();
    long[] ids = ImageTokens.expand(new long[] {1, -200, 7, 8}, -200, token, 16);
    return Torch.doubles(
        checkpoint.model().logits(Torch.of(ids, 1, ids.length), null, features).narrow(2, 0, 320));
  }

  @Test
  void everyLayoutGivesOneModel() throws IOException {
    Path stored = TinyLlava.FOLDER.resolve("model.safetensors");
    double[] expected;
    try (LoadedLlava checkpoint = open(TinyLlava.FOLDER)) {
      expected = logits(checkpoint);
    }
    writeConfig(TinyLlava.config());
    copy(stored, folder.resolve("model.safetensors"), LlavaLayouts::newest);
    try (LoadedLlava checkpoint = open(folder)) {
      assertThat(checkpoint.surplus()).isEmpty();
      assertThat(logits(checkpoint)).containsExactly(expected, within(1e-5));
    }
    try (LoadedLlava checkpoint = open(TinyLlava.FOLDER.resolve("original"))) {
      assertThat(logits(checkpoint)).containsExactly(expected, within(1e-5));
    }
  }

  /** As the original project's checkpoints were given out. */
  @Test
  void readsPickledShards() throws IOException {
    Path original = TinyLlava.FOLDER.resolve("original");
    Path tower = Files.createDirectories(folder.resolve("vision_tower"));
    Files.copy(original.resolve("vision_tower/config.json"), tower.resolve("config.json"));
    Files.copy(original.resolve("config.json"), folder.resolve("config.json"));
    ObjectNode index = new ObjectMapper().createObjectNode();
    ObjectNode shardOfTensor = index.putObject("weight_map");
    try (Safetensors stored = Safetensors.open(original.resolve("model.safetensors"))) {
      Map<String, Map<String, Tensor>> shards = new LinkedHashMap<>();
      for (String name : stored.names()) {
        String shard = "pytorch_model-0000" + (name.contains("vision") ? 1 : 2) + "-of-00002.bin";
        shards.computeIfAbsent(shard, key -> new LinkedHashMap<>()).put(name, stored.read(name));
        shardOfTensor.put(name, shard);
      }
      for (Map.Entry<String, Map<String, Tensor>> shard : shards.entrySet()) {
        PickleFiles.save(folder.resolve(shard.getKey()), shard.getValue());
      }
    }
    new ObjectMapper().writeValue(folder.resolve("pytorch_model.bin.index.json").toFile(), index);
    try (LoadedLlava pickled = open(folder);
        LoadedLlava safe = open(original)) {
      assertThat(pickled.surplus()).isEmpty();
      assertThat(logits(pickled)).containsExactly(logits(safe));
    }
  }

  @Test
  void theOriginalLayoutFindsItsVisionTowerInAnotherFolder() throws IOException {
    Path original = TinyLlava.FOLDER.resolve("original");
    Path tower = Files.createDirectories(folder.resolve("clip"));
    Files.copy(original.resolve("vision_tower/config.json"), tower.resolve("config.json"));
    copy(
        TinyLlava.FOLDER.resolve("model.safetensors"),
        tower.resolve("model.safetensors"),
        name -> name.startsWith("vision_tower.") ? name.substring("vision_tower.".length()) : null);
    copy(
        original.resolve("model.safetensors"),
        folder.resolve("model.safetensors"),
        name -> name.contains("vision_tower") ? null : name);
    ObjectNode json = TinyLlava.json(original.resolve("config.json"));
    writeConfig(json.put("mm_vision_tower", "clip"));
    try (LoadedLlava elsewhere = open(folder);
        LoadedLlava inside = open(original)) {
      assertThat(logits(elsewhere)).containsExactly(logits(inside));
    }
    writeConfig(json.put("mm_vision_tower", "openai/clip"));
    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("config.json: 'mm_vision_tower' is 'openai/clip', but ")
        .hasMessageContaining("holds no config.json");
    writeConfig(json.put("mm_vision_tower", "clip").put("mm_hidden_size", 40));
    assertThatThrownBy(() -> open(folder))
        .hasMessageContaining("'mm_hidden_size' is 40, but the vision tower's hidden_size is 48");
  }

  @Test
  @BadInput(
      number = 29,
      value = "a connector of another width than the language model",
      then = "an error with both widths")
  void aConnectorOfAnotherWidthThanTheLanguageModel() throws IOException {
    writeConfig(TinyLlava.config());
    try (Safetensors stored = Safetensors.open(TinyLlava.FOLDER.resolve("model.safetensors"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      stored.names().forEach(name -> tensors.put(name, stored.read(name)));
      tensors.put("multi_modal_projector.linear_2.weight", torch.zeros(72, 72));
      SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors);
    }
    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("makes vectors of width 72, but the language model takes 64");
  }

  @Test
  void aMissingWeightIsNamed() throws IOException {
    writeConfig(TinyLlava.config());
    copy(
        TinyLlava.FOLDER.resolve("model.safetensors"),
        folder.resolve("model.safetensors"),
        name -> name.endsWith("linear_1.bias") ? null : name);
    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'multi_modal_projector.linear_1.bias' is missing");
  }
}
