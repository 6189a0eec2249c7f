/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.assertj.core.api.AbstractThrowableAssert;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VisionConfigTest {
  private static final VisionConfig LARGE_336 =
      new VitConfig(
          new ClipFamily(), 1024, 4096, 24, 16, 3, 336, 14, Activation.QUICK_GELU, 1e-5, false);

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text.replace('\'', '"'));
  }

  private static AbstractThrowableAssert<?, ?> fails(String text) {
    return assertThatThrownBy(() -> VisionConfig.parse(json(text), "dir/config.json"))
        .isInstanceOf(DsVlmException.class);
  }

  @Test
  void leftOutKeysTakeThePublicDefaults() throws IOException {
    // As the LLaVA-1.5 checkpoints of Hugging Face write it.
    String llava =
        "{'model_type': 'llava', 'vision_config': {'hidden_size': 1024, 'image_size': 336,"
            + " 'intermediate_size': 4096, 'model_type': 'clip_vision_model',"
            + " 'num_attention_heads': 16, 'num_hidden_layers': 24, 'patch_size': 14,"
            + " 'projection_dim': 768, 'vocab_size': 32000}}";
    assertThat(VisionConfig.parse(json(llava), "config.json")).isEqualTo(LARGE_336);
    assertThat(LARGE_336.patches()).isEqualTo(576);
  }

  @Test
  void flatAndNestedAgree() {
    Path golden = Path.of("src/test/resources/golden/clip_vision");
    VisionConfig flat = VisionConfig.read(golden.resolve("config.json"));
    assertThat(flat).isEqualTo(VisionConfig.read(golden.resolve("full/config.json")));
    assertThat(flat.hiddenSize()).isEqualTo(64);
  }

  @Test
  void sizesOfSiglipSo400m() throws IOException {
    String text =
        "{'model_type': 'siglip', 'vision_config': {'hidden_size': 1152, 'image_size': 384,"
            + " 'intermediate_size': 4304, 'model_type': 'siglip_vision_model',"
            + " 'num_attention_heads': 16, 'num_hidden_layers': 27, 'patch_size': 14}}";
    VisionConfig config = VisionConfig.parse(json(text), "config.json");
    assertThat(config)
        .isEqualTo(
            new VitConfig(
                new SiglipFamily(),
                1152,
                4304,
                27,
                16,
                3,
                384,
                14,
                Activation.GELU_TANH,
                1e-6,
                true));
    assertThat(config.patches()).isEqualTo(729);
  }

  @Test
  void writesWhatItReads() {
    assertThat(VisionConfig.parse(LARGE_336.toJson(), "x")).isEqualTo(LARGE_336);
    VisionConfig siglip =
        new VitConfig(new SiglipFamily(), 8, 16, 1, 2, 3, 28, 14, Activation.GELU, 1e-6, false);
    assertThat(VisionConfig.parse(siglip.toJson(), "x")).isEqualTo(siglip);
  }

  @Test
  void anotherArchitectureIsNamed() {
    fails("{'model_type': 'bert', 'hidden_size': 64}")
        .hasMessageContaining("dir/config.json: 'model_type' is \"bert\"")
        .hasMessageContaining("clip_vision_model");
    fails("{'model_type': 'llava', 'vision_config': {'model_type': 'dinov2'}}")
        .hasMessageContaining("'vision_config.model_type' is \"dinov2\"");
    fails("{'hidden_size': 64}").hasMessageContaining("'model_type' is missing");
    fails("[]").hasMessageContaining("dir/config.json is not a JSON object");
  }

  @Test
  void headsHaveToDivideTheWidth() {
    fails("{'model_type': 'clip_vision_model', 'hidden_size': 64, 'num_attention_heads': 3}")
        .hasMessageContaining(
            "dir/config.json: 'hidden_size' is 64, which num_attention_heads = 3 do not divide");
  }

  @Test
  void aPatchHasToFit() {
    fails("{'model_type': 'clip_vision_model', 'image_size': 8, 'patch_size': 14}")
        .hasMessageContaining("'patch_size' is 14, larger than image_size = 8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'hidden_act': 'relu'",
        "'attention_dropout': 0.1",
        "'is_decoder': true",
        "'pruned_heads': {'0': [1]}",
        "'rope_theta': 10000.0",
        "'image_size': [56, 28]",
        "'num_hidden_layers': -1"
      })
  void whatChangesTheComputationIsNamed(String setting) {
    String key = setting.substring(1, setting.indexOf('\'', 1));
    fails("{'model_type': 'clip_vision_model', " + setting + "}")
        .hasMessageContaining("dir/config.json: '" + key + "' is ");
  }

  @Test
  void twoAnswersInOneFileAreRefused() {
    fails(
            "{'model_type': 'clip', 'vision_config': {'image_size': 336},"
                + " 'vision_config_dict': {'image_size': 224}}")
        .hasMessageContaining("'vision_config_dict.image_size' is 224, but vision_config has 336");
  }
}
