/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TensorScope.class)
class FeatureHooksTest {
  private static final String SIZES =
      """
      {"model_type": "%s", "hidden_size": 8, "intermediate_size": 16,
       "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 8, "patch_size": 4}""";

  private ParameterStore store;

  @BeforeEach
  void open() {
    store = ParameterStore.random(new RandomState(1), ScalarType.Float, "cpu");
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void takesStatesAfterTheBlocksWithoutTheClassToken() {
    VisionTower tower = tower("clip_vision_model");
    List<Tensor> states = states(tower);
    Tensor text = new RandomState(3).normal(2, 4, 12);
    Map<String, Tensor> features =
        FeatureHooks.take(config("[\"text\", \"low\", \"high\"]", 3), tower, states, text);
    assertThat(features).containsOnlyKeys("text", "low", "high");
    assertThat(features.get("text")).isSameAs(text);
    assertThat(Torch.floats(features.get("low"))).containsExactly(patches(states.get(1)));
    assertThat(Torch.floats(features.get("high"))).containsExactly(patches(states.get(3)));
  }

  @Test
  void siglipsLastStateIsNormalisedAsItsOutputIs() {
    VisionTower tower = tower("siglip_vision_model");
    List<Tensor> states = states(tower);
    Map<String, Tensor> features =
        FeatureHooks.take(config("[\"mid\", \"high\"]", 3), tower, states, null);
    assertThat(Torch.floats(features.get("high")))
        .containsExactly(Torch.floats(tower.output(states.get(3))));
    assertThat(Torch.floats(features.get("mid"))).containsExactly(Torch.floats(states.get(2)));
  }

  @Test
  void namesALevelBeyondTheTower() {
    VisionTower tower = tower("clip_vision_model");
    assertThatThrownBy(() -> FeatureHooks.take(config("[\"high\"]", 4), tower, states(tower), null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("levels.high")
        .hasMessageContaining("block 4")
        .hasMessageContaining("has 3");
  }

  private VisionTower tower(String type) {
    return VisionConfig.parse(TinyModel.json(SIZES.formatted(type)), "config.json")
        .tower(store.root());
  }

  private static List<Tensor> states(VisionTower tower) {
    return tower.hiddenStates(new RandomState(2).normal(2, 3, 8, 8));
  }

  private static float[] patches(Tensor state) {
    return Torch.floats(state.narrow(1, 1, 4));
  }

  private static SupervisionConfig config(String features, int high) {
    return SupervisionConfig.parse(
        TinyModel.json(
            "{\"features\": %s, \"levels\": {\"low\": 1, \"mid\": 2, \"high\": %d}}"
                .formatted(features, high)),
        "test");
  }
}
