/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(TensorScope.class)
class PeftFolderTest {
  private static final RandomState RANDOM = new RandomState(5);
  private static final List<UnaryOperator<String>> AS_IS = List.of(UnaryOperator.identity());

  @TempDir Path folder;

  private ParameterStore store;

  @BeforeEach
  void model() {
    store = ParameterStore.random(RANDOM, ScalarType.Float, "cpu");
    for (int i = 0; i < 3; i++) {
      Parameters layer = store.root().at("model.layers").at(i);
      Linear.withoutBias(layer.at("up"), 4, 6);
      Linear.withoutBias(layer.at("down"), 6, 4);
    }
    Linear.withoutBias(store.root().at("lm_head"), 4, 10);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static void train(Lora lora) {
    lora.parameters()
        .forEach((name, tensor) -> tensor.copy_(RANDOM.fork(name).normal(Torch.shape(tensor))));
  }

  private Map<String, float[]> write(LoraConfig config) {
    Map<String, float[]> values = new HashMap<>();
    try (Lora lora = Lora.start(store, config, UnaryOperator.identity(), RANDOM)) {
      train(lora);
      lora.parameters().forEach((name, tensor) -> values.put(name, Torch.floats(tensor)));
      PeftFolder.write(folder, lora, UnaryOperator.identity(), "the/base");
    }
    return values;
  }

  private ObjectNode json() throws IOException {
    return (ObjectNode) new ObjectMapper().readTree(folder.resolve("adapter_config.json").toFile());
  }

  private void expectError(String... parts) {
    assertThatThrownBy(() -> PeftFolder.read(folder, store, AS_IS))
        .isInstanceOf(DsVlmException.class)
        .satisfies(error -> assertThat(error.getMessage()).contains(parts));
    // Nothing stays attached.
    Lora.start(store, LoraConfig.of(1, 1, 0, false, "all-linear"), UnaryOperator.identity(), RANDOM)
        .close();
  }

  @Test
  void whatWasWrittenIsRead() throws IOException {
    Map<String, float[]> written = write(LoraConfig.of(2, 5, 0.1, true, "all-linear"));
    ObjectNode json = json();
    assertThat(json.get("target_modules").toString()).isEqualTo("[\"down\",\"up\"]");
    assertThat(json.get("base_model_name_or_path").asText()).isEqualTo("the/base");
    assertThat(json.get("lora_alpha").isInt()).as("as PEFT types it").isTrue();
    try (Lora lora = PeftFolder.read(folder, store, AS_IS)) {
      assertThat(lora.config().rank()).isEqualTo(2);
      assertThat(lora.config().alpha()).isEqualTo(5);
      assertThat(lora.config().dropout()).isEqualTo(0.1);
      assertThat(lora.config().rankStabilised()).isTrue();
      assertThat(lora.parameters().keySet()).isEqualTo(written.keySet());
      lora.parameters()
          .forEach((name, tensor) -> assertThat(Torch.floats(tensor)).isEqualTo(written.get(name)));
    }
  }

  @Test
  void someLayersOfAKindAreNamedInFull() throws IOException {
    write(LoraConfig.of(2, 5, 0, false, "model\\.layers\\.[02]\\.(up|down)"));
    assertThat(json().get("target_modules"))
        .extracting(node -> node.asText())
        .containsExactly(
            "model.layers.0.down", "model.layers.0.up", "model.layers.2.down", "model.layers.2.up");
    PeftFolder.read(folder, store, AS_IS).close();
  }

  @Test
  void ranksAndAlphasOfSingleLayersAreReadAndWritten() throws IOException {
    write(LoraConfig.of(2, 8, 0, false, "up"));
    ObjectNode json = json();
    json.putObject("rank_pattern").put("layers.1.up", 3).put("up", 2);
    json.putObject("alpha_pattern").put("^model.layers.2.up", 1.5);
    Files.writeString(folder.resolve("adapter_config.json"), json.toString());
    expectError("model.layers.1.up.lora_A.weight' has shape [2, 4]", "ask for [3, 4]");

    LoraConfig config = PeftConfig.parse(JsonConfig.of(json, "adapter_config.json"));
    assertThat(config.scaling("model.layers.0.up")).isEqualTo(4);
    assertThat(config.scaling("model.layers.1.up")).isEqualTo(8.0 / 3);
    assertThat(config.scaling("model.layers.2.up")).isEqualTo(0.75);
    try (Lora lora = Lora.start(store, config, UnaryOperator.identity(), RANDOM)) {
      PeftFolder.write(folder, lora, UnaryOperator.identity(), null);
    }
    assertThat(json().get("rank_pattern").toString()).isEqualTo("{\"model.layers.1.up\":3}");
    assertThat(json().get("alpha_pattern").toString()).isEqualTo("{\"model.layers.2.up\":1.5}");
    try (Lora lora = PeftFolder.read(folder, store, AS_IS)) {
      assertThat(Torch.shape(lora.parameters().get("model.layers.1.up.lora_B.weight")))
          .containsExactly(6, 3);
    }
  }

  /** Settings that change what is computed and are not built. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "peft_type | \"IA3\"",
        "bias | \"lora_only\"",
        "use_dora | true",
        "fan_in_fan_out | true",
        "modules_to_save | [\"embed_tokens\"]",
        "trainable_token_indices | [1]",
        "lora_bias | true",
        "init_lora_weights | \"pissa\"",
        "layer_replication | [[0, 2]]",
        "target_parameters | [\"experts\"]",
        "alora_invocation_tokens | [3]",
        "use_qalora | true",
        "something_new | 1",
        "r | 0",
        "r | \"8\"",
        "lora_dropout | 1.5",
        "target_modules | [1]",
        "target_modules | null",
        "target_modules | \"(\"",
        "rank_pattern | {\"up\": 0}",
        "layers_to_transform | [\"1\"]",
      })
  void settingsThatAreNotBuiltAreNamed(String key, String value) throws IOException {
    write(LoraConfig.of(2, 8, 0, false, "up"));
    ObjectNode json = json();
    json.set(key, new ObjectMapper().readTree(value));
    Files.writeString(folder.resolve("adapter_config.json"), json.toString());
    expectError(
        "adapter_config.json", key.equals("rank_pattern") ? "rank_pattern.up" : nameOf(key));
  }

  /** An expression of a stranger's adapter, which Java's own engine would match for ever. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "target_modules ; \"(([a-z_]|[a-z_.0-9])+)+!\"",
        "exclude_modules ; \"(.*)*(.*)*(.*)*!\"",
        "rank_pattern ; {\"(([a-z_]|[a-z_.0-9])+)+!\": 2}",
        "alpha_pattern ; {\"(([a-z_]|[a-z_.0-9])+)+!\": 2}",
      })
  @BadInput(
      number = 81,
      value = "an adapter whose regular expressions take exponential time",
      then = "an error with file, key and expression; the steps are bounded by the names' lengths")
  void expressionsThatNeverEndAreRefused(String key, String value) throws IOException {
    ParameterStore deep = ParameterStore.random(RANDOM, ScalarType.Float, "cpu");
    try (deep) {
      Linear.withoutBias(deep.root().at("model.language_model.layers.0.self_attn.q_proj"), 4, 6);
      String weight = "model.language_model.layers.0.self_attn.q_proj.lora_";
      SafetensorsWriter.write(
          folder.resolve("adapter_model.safetensors"),
          Map.of(
              "base_model.model." + weight + "A.weight", RANDOM.normal(4, 4),
              "base_model.model." + weight + "B.weight", RANDOM.normal(6, 4)));
      ObjectNode json = new ObjectMapper().createObjectNode().put("peft_type", "LORA").put("r", 4);
      json.putArray("target_modules").add("q_proj");
      json.set(key, new ObjectMapper().readTree(value));
      Files.writeString(folder.resolve("adapter_config.json"), json.toString());
      assertThatThrownBy(() -> PeftFolder.read(folder, deep, AS_IS))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith(folder.resolve("adapter_config.json") + ": ")
          .hasMessageContaining(key.endsWith("modules") ? "'" + key + "'" : "regular expression")
          .hasMessageContaining("takes more than 123000 steps on a text of 46 characters");
    }
  }

  private static String nameOf(String key) {
    return key.equals("lora_dropout") ? "dropout" : "'" + key + "'";
  }

  private void rewrite(Consumer<Map<String, Tensor>> change) {
    Map<String, Tensor> weights = new HashMap<>();
    try (Lora lora =
        Lora.start(store, LoraConfig.of(2, 8, 0, false, "up"), UnaryOperator.identity(), RANDOM)) {
      PeftFolder.write(folder, lora, UnaryOperator.identity(), null);
      lora.parameters().forEach((name, tensor) -> weights.put("base_model.model." + name, tensor));
      change.accept(weights);
      SafetensorsWriter.write(folder.resolve("adapter_model.safetensors"), weights);
    }
  }

  @Test
  void aMissingMatrixIsNamed() {
    rewrite(weights -> weights.remove("base_model.model.model.layers.1.up.lora_B.weight"));
    expectError(
        "adapter_model.safetensors",
        "'base_model.model.model.layers.1.up.lora_B.weight' is missing");
    rewrite(weights -> weights.keySet().removeIf(name -> name.contains("layers.1")));
    expectError(
        "adapter_model.safetensors",
        "'base_model.model.model.layers.1.up.lora_A.weight' is missing",
        "adapter_config.json targets");
  }

  @Test
  void aSurplusMatrixIsNamed() {
    Tensor any = RANDOM.normal(2, 6);
    rewrite(weights -> weights.put("base_model.model.model.layers.1.down.lora_A.weight", any));
    expectError("'base_model.model.model.layers.1.down.lora_A.weight'", "target_modules");
    rewrite(weights -> weights.put("base_model.model.model.layers.9.up.lora_A.weight", any));
    expectError("'base_model.model.model.layers.9.up.lora_A.weight'", "this model has not");
    rewrite(weights -> weights.put("base_model.model.model.embed_tokens.weight", any));
    expectError("'base_model.model.model.embed_tokens.weight'", "no matrix of LoRA");
    rewrite(
        weights -> weights.put("base_model.model.model.layers.1.up.lora_magnitude_vector", any));
    expectError("lora_magnitude_vector", "no matrix of LoRA");
  }

  @Test
  void aMatrixOfAnotherShapeOrRankIsNamed() {
    String key = "base_model.model.model.layers.1.up.lora_A.weight";
    rewrite(weights -> weights.put(key, RANDOM.normal(2, 5)));
    expectError(key, "[2, 5]", "[2, 4]");
    rewrite(weights -> weights.put(key, RANDOM.normal(3, 4)));
    expectError(key, "rank", "[3, 4]", "[2, 4]");
  }

  @Test
  void anAdapterThatFailsMidwayLeavesNoNativeObjectBehind() {
    String key = "base_model.model.model.layers.2.up.lora_B.weight";
    rewrite(weights -> weights.put(key, RANDOM.normal(6, 3)));
    long before = NativeObjects.settledCount();
    expectError(key);
    assertThat(NativeObjects.settledCount()).isEqualTo(before);
  }

  @Test
  void targetsThatTheModelLacksAreAnError() throws IOException {
    rewrite(Map::clear);
    ObjectNode json = json();
    json.putArray("target_modules").add("query_key_value");
    Files.writeString(folder.resolve("adapter_config.json"), json.toString());
    expectError("adapter_config.json", "'target_modules' names none");
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    expectError("adapter_config.json", "no such file");
    write(LoraConfig.of(2, 8, 0, false, "up"));
    Files.delete(folder.resolve("adapter_model.safetensors"));
    expectError("adapter_model.safetensors", "no such file");
  }

  /** A file as PEFT wrote it before it took to safetensors, by torch.save. */
  @Test
  void theOlderFileIsReadToo() throws IOException {
    write(LoraConfig.of(2, 8, 0, false, "up"));
    Files.delete(folder.resolve("adapter_model.safetensors"));
    Files.copy(
        Path.of("src/test/resources/org/dsvlm/nn/adapter_model.bin"),
        folder.resolve("adapter_model.bin"));
    try (Lora lora = PeftFolder.read(folder, store, AS_IS)) {
      assertThat(Torch.floats(lora.parameters().get("model.layers.1.up.lora_A.weight")))
          .containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    }
  }

  @Test
  void theLayoutIsToldByTheKeys() {
    UnaryOperator<String> other = path -> path.replace("model.layers", "transformer.h");
    try (Lora lora =
        Lora.start(store, LoraConfig.of(2, 8, 0, false, "up"), UnaryOperator.identity(), RANDOM)) {
      PeftFolder.write(folder, lora, other, null);
    }
    expectError("transformer.h.0.up", "this model has not");
    try (Lora lora = PeftFolder.read(folder, store, List.of(UnaryOperator.identity(), other))) {
      assertThat(lora.paths()).hasSize(3).contains("model.layers.0.up");
    }
  }
}
