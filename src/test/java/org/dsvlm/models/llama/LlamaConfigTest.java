/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaConfigTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static LlamaConfig parse(String json) {
    try {
      return LlamaConfig.parse(MAPPER.readTree(json), "dir/config.json");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void readsPublicKeysAndThoseOfTransformers5Alike() {
    String scaling =
        "\"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
            + "\"original_max_position_embeddings\": 64, \"rope_type\": \"llama3\"";
    LlamaConfig old =
        parse(
            "{\"model_type\": \"llama\", \"rope_theta\": 5e5, \"rope_scaling\": {"
                + scaling
                + "}}");
    LlamaConfig recent =
        parse(
            "{\"model_type\": \"llama\", \"rope_parameters\": {\"rope_theta\": 5e5, "
                + scaling
                + "}}");
    assertThat(recent).isEqualTo(old);
    assertThat(old.ropeTheta()).isEqualTo(5e5);
    assertThat(old.ropeScaling()).isEqualTo(new RopeScaling.Llama3(8, 1, 4, 64));
  }

  @Test
  void absentKeysHaveTheLibrarysDefaults() {
    LlamaConfig vicuna = parse("{\"model_type\": \"llama\", \"rms_norm_eps\": 1e-05}");
    assertThat(vicuna.hiddenSize()).isEqualTo(4096);
    assertThat(vicuna.headDim()).isEqualTo(128);
    assertThat(vicuna.keyValueHeads()).isEqualTo(32);
    assertThat(vicuna.queryKeyValueBias()).isFalse();
    LlamaConfig qwen = parse("{\"model_type\": \"qwen2\"}");
    assertThat(qwen.queryKeyValueBias()).isTrue();
    assertThat(qwen.outputBias()).isFalse();
  }

  @Test
  void writesWhatItReads() {
    LlamaConfig config =
        parse(
            "{\"model_type\": \"qwen2\", \"hidden_size\": 56, \"num_attention_heads\": 4,"
                + "\"num_key_value_heads\": 2, \"tie_word_embeddings\": true,"
                + "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}}");
    ObjectNode json = config.toJson();
    assertThat(LlamaConfig.parse(json, "again")).isEqualTo(config);
  }

  @Test
  @BadInput(
      number = 27,
      value = "a config.json of another architecture",
      then = "an error with its model_type and those that are read")
  void anotherArchitectureIsRefused() {
    assertThatThrownBy(() -> parse("{\"model_type\": \"bert\"}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            "dir/config.json: 'model_type' is 'bert'; this language model reads [llama, qwen2]");
    assertThatThrownBy(() -> parse("{}")).hasMessage("dir/config.json: 'model_type' is missing");
  }

  @Test
  @BadInput(
      number = 28,
      value = "heads that do not divide the hidden size, or key heads that do not divide the heads",
      then = "an error with both keys and values")
  void headsThatDoNotDivideTheHiddenSize() {
    assertThatThrownBy(
            () ->
                parse(
                    "{\"model_type\": \"llama\", \"hidden_size\": 66, \"num_attention_heads\": 4}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            "dir/config.json: 'hidden_size' is 66, which 'num_attention_heads' 4 does not divide");
    assertThatThrownBy(
            () ->
                parse(
                    "{\"model_type\": \"llama\", \"hidden_size\": 64, \"num_attention_heads\": 4,"
                        + "\"num_key_value_heads\": 3}"))
        .hasMessageContaining("'num_key_value_heads' is 3, which does not divide 4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"hidden_act\": \"gelu\"|'hidden_act' is \"gelu\"; only silu is supported",
        "\"attention_dropout\": 0.1|'attention_dropout' is 0.1, a setting that is not computed here",
        "\"use_sliding_window\": true|'use_sliding_window' is true, a setting",
        "\"layer_types\": [\"sliding_attention\"]|'layer_types' holds",
        "\"quantization_config\": {\"bits\": 4}|'quantization_config' is {\"bits\":4}, a setting",
        "\"rope_scaling\": {\"rope_type\": \"yarn\"}|'rope_scaling.rope_type' is 'yarn'",
        "\"rope_scaling\": {\"rope_type\": \"linear\"}|'rope_scaling.factor' is missing",
        "\"rope_parameters\": {\"partial_rotary_factor\": 0.5}|'rope_parameters.partial_rotary_factor'",
      })
  void refusesWhatChangesTheComputation(String key, String message) {
    assertThatThrownBy(() -> parse("{\"model_type\": \"llama\", " + key + "}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dir/config.json: ")
        .hasMessageContaining(message);
  }

  @Test
  void llama3ScalingIsContinuousBetweenItsBands() {
    RopeScaling scaling = new RopeScaling.Llama3(8, 1, 4, 64);
    double high = 4 * 2 * Math.PI / 64;
    double low = 2 * Math.PI / 64;
    assertThat(scaling.apply(high * 1.01)).isEqualTo(high * 1.01);
    assertThat(scaling.apply(high)).isCloseTo(high, within(1e-12));
    assertThat(scaling.apply(low)).isCloseTo(low / 8, within(1e-12));
    assertThat(scaling.apply(low / 2)).isCloseTo(low / 16, within(1e-12));
  }
}
