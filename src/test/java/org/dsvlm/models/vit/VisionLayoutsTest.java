/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.function.UnaryOperator;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VisionLayoutsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "vision_model.",
        "vision_tower.",
        "vision_tower.vision_model.",
        "model.vision_tower.vision_model.",
        "model.vision_tower.vision_tower.vision_model."
      })
  void findsTheTowerBelowAnyPrefix(String prefix) {
    UnaryOperator<String> renaming =
        new ClipFamily().layout(Set.of(prefix + "embeddings.patch_embedding.weight"), "file");
    assertThat(renaming.apply(prefix + "encoder.layers.0.layer_norm1.bias"))
        .isEqualTo("vision_model.encoder.layers.0.layer_norm1.bias");
    assertThat(renaming.apply(prefix + "embeddings.position_ids")).isNull();
  }

  @Test
  void leavesOutTheTextTower() {
    UnaryOperator<String> renaming =
        new ClipFamily().layout(Set.of("vision_model.embeddings.patch_embedding.weight"), "file");
    assertThat(renaming.apply("text_model.encoder.layers.0.layer_norm1.bias")).isNull();
    assertThat(renaming.apply("logit_scale")).isNull();
  }

  @Test
  void wantsExactlyOneTower() {
    assertThatThrownBy(() -> new ClipFamily().layout(Set.of("lm_head.weight"), "a.safetensors"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("a.safetensors: no tensor");
    assertThatThrownBy(
            () ->
                new ClipFamily()
                    .layout(
                        Set.of(
                            "a.embeddings.patch_embedding.weight",
                            "b.embeddings.patch_embedding.weight"),
                        "a.safetensors"))
        .hasMessageContaining("more than one");
  }
}
