/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraTargetsTest {
  private static LoraTargets list(List<String> modules, List<Integer> layers, String... pattern) {
    return new LoraTargets(modules, null, List.of(), null, layers, List.of(pattern));
  }

  @Test
  void aListNamesEndsOfPaths() {
    LoraTargets targets = LoraTargets.of(List.of("q_proj", "mlp.up_proj"));
    assertThat(targets.match("model.layers.3.self_attn.q_proj")).isTrue();
    assertThat(targets.match("model.layers.3.mlp.up_proj")).isTrue();
    assertThat(targets.match("q_proj")).isTrue();
    assertThat(targets.match("model.layers.3.self_attn.own_q_proj")).isFalse();
    assertThat(targets.match("model.layers.3.up_proj")).isFalse();
    assertThat(targets.match("model.q_proj.inner")).isFalse();
  }

  @Test
  void aTextIsAnExpressionOfWholePaths() {
    LoraTargets targets = LoraTargets.of(".*language_model.*\\.(q|v)_proj");
    assertThat(targets.match("model.language_model.layers.0.self_attn.v_proj")).isTrue();
    assertThat(targets.match("model.vision_tower.layers.0.self_attn.v_proj")).isFalse();
    assertThat(targets.match("model.language_model.layers.0.self_attn.v_proj.x")).isFalse();
    assertThatThrownBy(() -> LoraTargets.of("(q_proj"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'(q_proj' is no regular expression");
  }

  @Test
  void allLinearLeavesTheHeadOut() {
    LoraTargets targets = LoraTargets.of("All-Linear");
    assertThat(targets.match("model.layers.0.mlp.up_proj")).isTrue();
    assertThat(targets.match("lm_head")).isFalse();
    assertThat(targets.match("language_model.lm_head")).isFalse();
  }

  /** Expected values are those of PEFT 0.21's check_target_module_exists. */
  @ParameterizedTest
  @CsvSource({
    "model.layers.1.self_attn.q_proj, '', true",
    "model.layers.2.self_attn.q_proj, '', false",
    "model.layers.1.self_attn.q_proj, layers, true",
    "model.layers.1.self_attn.q_proj, blocks, false",
    "layers.1.self_attn.q_proj, layers, true",
    "layers.1.self_attn.q_proj, '', false",
    "q_proj, '', true",
    "model.layers.1.experts.2.q_proj, '', true",
    "model.layers.2.experts.1.q_proj, '', false",
  })
  void aListMayBeConfinedToLayers(String path, String pattern, boolean adapted) {
    String[] patterns = pattern.isEmpty() ? new String[0] : new String[] {pattern};
    assertThat(list(List.of("q_proj"), List.of(1), patterns).match(path)).isEqualTo(adapted);
  }

  @Test
  void whatIsExcludedIsNotAdapted() {
    LoraTargets listed =
        new LoraTargets(
            List.of("q_proj"), null, List.of("2.self_attn.q_proj"), null, List.of(), List.of());
    assertThat(listed.match("model.layers.1.self_attn.q_proj")).isTrue();
    assertThat(listed.match("model.layers.2.self_attn.q_proj")).isFalse();
    LoraTargets expression =
        new LoraTargets(
            null, null, List.of(), LoraTargets.expression(".*vision.*"), List.of(), List.of());
    assertThat(expression.match("model.vision_tower.fc1")).isFalse();
    assertThat(expression.match("model.language_model.up_proj")).isTrue();
  }
}
