/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UNetConfigTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  private static UNetConfig read(String file) {
    Path path = GOLDEN.resolve(file);
    return UNetConfig.parse(JsonConfig.read(path).json(), path.toString());
  }

  @Test
  void readsThePublicAndTheFullFileAlike() {
    UNetConfig config = read("sd_unet/config.json");
    assertThat(config).isEqualTo(read("sd_unet/config_full.json"));
    assertThat(config.heads()).containsExactly(8, 8, 8, 8);
    assertThat(config.downAttention()).containsExactly(true, true, true, false);
    assertThat(config.upAttention()).containsExactly(false, true, true, true);
    assertThat(config.linearProjection()).isFalse();
  }

  @Test
  void readsAListOfHeadCounts() {
    UNetConfig config = read("sd_unet_2x/config.json");
    assertThat(config.heads()).containsExactly(2, 3, 6);
    assertThat(config.linearProjection()).isTrue();
  }

  @Test
  void prefersNumAttentionHeadsWhereAFileHasBoth() {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.unetJson(), "num_attention_heads", 4);
    assertThat(UNetConfig.parse(json, "c").heads()).containsExactly(4, 4);
  }

  @Test
  void writesWhatItReads() {
    UNetConfig config = TinyDiffusion.unetConfig();
    assertThat(UNetConfig.parse(config.toJson(), "again")).isEqualTo(config);
  }

  @Test
  void refusesTheConfigurationOfAnotherArchitecture() {
    Path file = GOLDEN.resolve("llama/config.json");
    assertThatThrownBy(() -> UNetConfig.parse(JsonConfig.read(file).json(), file.toString()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("'block_out_channels' is missing");
    assertThatThrownBy(() -> UNetConfig.parse(TinyDiffusion.vaeJson(), "vae/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("vae/config.json", "'_class_name'", "AutoencoderKL");
  }

  @Test
  void refusesHeadsThatDoNotDivideTheWidth() {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.unetJson(), "attention_head_dim", 3);
    assertThatThrownBy(() -> UNetConfig.parse(json, "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("unet/config.json", "'attention_head_dim'", "3", "width 4");
  }

  @Test
  void refusesNormGroupsThatDoNotDivideTheWidth() {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.unetJson(), "norm_num_groups", 32);
    assertThatThrownBy(() -> UNetConfig.parse(json, "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("unet/config.json", "'norm_num_groups'", "32", "width 4");
  }

  @Test
  void refusesUnknownBlockTypes() {
    ObjectNode json =
        TinyDiffusion.with(
            TinyDiffusion.unetJson(),
            "down_block_types",
            List.of("AttnDownBlock2D", "DownBlock2D"));
    assertThatThrownBy(() -> UNetConfig.parse(json, "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("unet/config.json", "'down_block_types'", "AttnDownBlock2D");
  }

  @Test
  void refusesListsOfAnotherLength() {
    ObjectNode json =
        TinyDiffusion.with(TinyDiffusion.unetJson(), "attention_head_dim", List.of(2, 2, 2));
    assertThatThrownBy(() -> UNetConfig.parse(json, "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("unet/config.json", "'attention_head_dim'", "3 entries");
  }

  @ParameterizedTest
  @CsvSource({
    "act_fn, gelu",
    "mid_block_type, UNetMidBlock2D",
    "time_embedding_type, fourier",
    "resnet_time_scale_shift, scale_shift",
    "class_embed_type, timestep",
    "addition_embed_type, text_time",
    "attention_type, gated"
  })
  void refusesWhatWouldComputeSomethingElse(String key, String value) {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.unetJson(), key, value);
    assertThatThrownBy(() -> UNetConfig.parse(json, "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("unet/config.json", "'" + key + "'", value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"center_input_sample", "only_cross_attention", "dual_cross_attention"})
  void refusesSwitchesThatAreNotBuilt(String key) {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.unetJson(), key, true);
    assertThatThrownBy(() -> UNetConfig.parse(json, "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("unet/config.json", "'" + key + "'");
  }

  @Test
  void keysThatAreNotComputedAreNamed() {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.unetJson(), "attention_bias", true);
    json.put("gate_scale", 2).put("upcast_attention", true).put("some_switch", false);
    assertThatThrownBy(() -> UNetConfig.parse(json, "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(
            "unet/config.json: 'attention_bias' is true, 'gate_scale' is 2, settings")
        .hasMessageNotContainingAny("upcast_attention", "some_switch");
  }
}
