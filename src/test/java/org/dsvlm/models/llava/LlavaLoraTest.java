/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.nn.PeftFolder;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TensorScope.class)
class LlavaLoraTest {
  private static final RandomState RANDOM = new RandomState(2);
  private static final LoraConfig ALL = LoraConfig.of(2, 4, 0, false, "all-linear");

  @TempDir Path folder;

  private LoadedLlava llava;

  @BeforeEach
  void open() {
    llava = LoadedLlava.open(TinyLlava.FOLDER, ScalarType.Double, "cpu");
  }

  @AfterEach
  void close() {
    llava.close();
  }

  private Lora trained() {
    Lora lora = LlavaLora.start(llava.parameters(), ALL, RANDOM);
    lora.parameters()
        .forEach(
            (name, tensor) ->
                tensor.copy_(RANDOM.fork(name).normal(Torch.shape(tensor)).mul(Torch.scalar(0.1))));
    return lora;
  }

  private double[] logits() {
    try (PointerScope own = new PointerScope()) {
      Tensor ids = Torch.of(new long[] {1, 5, 9, 200, 7}, 1, 5);
      return Torch.doubles(llava.model().logits(ids, null, null));
    }
  }

  @Test
  void theLanguageModelAloneIsAdapted() {
    try (Lora lora = trained()) {
      int layers = llava.config().text().layers();
      assertThat(lora.paths())
          .hasSize(7 * layers)
          .allMatch(path -> path.startsWith("language_model.model.layers."));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyLayoutIsReadAsItWasWritten(LlavaLora.Layout layout) {
    Map<String, double[]> written = new HashMap<>();
    double[] adapted;
    double[] plain = logits();
    try (Lora lora = trained()) {
      lora.parameters().forEach((name, tensor) -> written.put(name, Torch.doubles(tensor)));
      adapted = logits();
      LlavaLora.write(folder, lora, layout, null);
    }
    assertThat(logits()).isEqualTo(plain);
    assertThat(adapted).isNotEqualTo(plain);
    try (Lora lora = LlavaLora.read(folder, llava.parameters())) {
      assertThat(lora.parameters().keySet()).isEqualTo(written.keySet());
      assertThat(logits()).isEqualTo(adapted);
    }
    LlavaLora.merge(folder, llava.parameters());
    assertThat(logits()).containsExactly(adapted, within(1e-10));
  }

  @ParameterizedTest
  @CsvSource({
    "LLAVA, base_model.model.model.language_model.layers.0.mlp.up_proj.lora_A.weight, 4",
    "LLAVA_4_51, base_model.model.language_model.model.layers.0.mlp.up_proj.lora_A.weight, 4",
    "LANGUAGE_MODEL, base_model.model.model.layers.0.mlp.up_proj.lora_A.weight, 7",
  })
  void keysAreThoseOfTheClassOfModel(LlavaLora.Layout layout, String key, int shortNames) {
    try (Lora lora = trained()) {
      LlavaLora.write(folder, lora, layout, null);
    }
    try (Safetensors weights = Safetensors.open(folder.resolve("adapter_model.safetensors"))) {
      assertThat(weights.names()).contains(key);
    }
    // A vision tower has a q_proj, k_proj and v_proj too, so there these are named in full.
    JsonConfig config = JsonConfig.read(folder.resolve("adapter_config.json"));
    assertThat(config.json().get("target_modules"))
        .filteredOn(name -> !name.asText().contains("."))
        .hasSize(shortNames);
  }

  /** transformers 5 leaves out a level of the vision tower's names. */
  @Test
  void visionLayersAreReadByTheirNewestNames() {
    try (Lora lora =
        Lora.start(
            llava.parameters(),
            LoraConfig.of(2, 4, 0, false, "fc1, up_proj"),
            path -> path,
            RANDOM)) {
      PeftFolder.write(
          folder,
          lora,
          path ->
              path.startsWith("vision_tower.")
                  ? "model." + path.replace("vision_model.", "")
                  : path.replace("language_model.model.", "model.language_model."),
          null);
    }
    try (Lora lora = LlavaLora.read(folder, llava.parameters())) {
      assertThat(lora.paths()).contains("vision_tower.vision_model.encoder.layers.0.mlp.fc1");
    }
  }

  @Test
  void visionLayersHaveNoPlaceInALanguageModel() {
    try (Lora lora =
        Lora.start(
            llava.parameters(), LoraConfig.of(2, 4, 0, false, "fc1"), path -> path, RANDOM)) {
      assertThatThrownBy(() -> LlavaLora.write(folder, lora, LlavaLora.Layout.LANGUAGE_MODEL, null))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("no layer for the adapted 'vision_tower.");
    }
  }
}
