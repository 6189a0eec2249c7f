/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlavaLayoutsTest {
  @ParameterizedTest
  @CsvSource({
    "model.embed_tokens.weight, language_model.model.embed_tokens.weight",
    "model.layers.3.mlp.up_proj.weight, language_model.model.layers.3.mlp.up_proj.weight",
    "model.norm.weight, language_model.model.norm.weight",
    "lm_head.weight, language_model.lm_head.weight",
    "language_model.lm_head.weight, language_model.lm_head.weight",
    "language_model.model.norm.weight, language_model.model.norm.weight",
    "model.language_model.norm.weight, language_model.model.norm.weight",
    "model.mm_projector.0.bias, multi_modal_projector.linear_1.bias",
    "model.mm_projector.2.weight, multi_modal_projector.linear_2.weight",
    "model.multi_modal_projector.linear_1.bias, multi_modal_projector.linear_1.bias",
    "model.vision_tower.vision_tower.vision_model.a, vision_tower.vision_model.a",
    "model.vision_tower.vision_model.a, vision_tower.vision_model.a",
    "model.vision_tower.encoder.a, vision_tower.vision_model.encoder.a",
    "vision_tower.encoder.a, vision_tower.vision_model.encoder.a",
    "model.image_newline, model.image_newline",
  })
  void readsEveryLayout(String stored, String ours) {
    assertThat(LlavaLayouts.name(stored)).isEqualTo(ours);
  }

  @Test
  void passesOverBuffers() {
    assertThat(LlavaLayouts.name("model.layers.0.self_attn.rotary_emb.inv_freq")).isNull();
    assertThat(LlavaLayouts.name("vision_tower.vision_model.embeddings.position_ids")).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "language_model.model.layers.0.a",
    "language_model.lm_head.weight",
    "multi_modal_projector.linear_1.bias",
    "multi_modal_projector.linear_2.weight",
    "vision_tower.vision_model.encoder.a"
  })
  void whatIsWrittenIsReadBack(String ours) {
    assertThat(LlavaLayouts.ours(ours)).isTrue();
    assertThat(LlavaLayouts.name(LlavaLayouts.newest(ours))).isEqualTo(ours);
  }
}
