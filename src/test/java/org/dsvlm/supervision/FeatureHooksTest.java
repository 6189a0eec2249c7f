/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.ScalarTypeOptional;
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

  /** A picture of 4 × 4 patches in 2 × 2 cells: a cell's first patch is 0, 2, 8, 10. */
  @Test
  void poolsToAGridByTheMeanOfEachCell() {
    Tensor text = new RandomState(3).normal(2, 16, 3);
    SupervisionConfig config = tokens("grid", 2);
    Tensor pooled =
        FeatureHooks.take(config, tower("clip_vision_model"), List.of(), text).get("text");
    int[] corners = {0, 2, 8, 10};
    for (int cell = 0; cell < 4; cell++) {
      int corner = corners[cell];
      Tensor mean =
          text.select(1, corner)
              .add(text.select(1, corner + 1))
              .add(text.select(1, corner + 4))
              .add(text.select(1, corner + 5))
              .mul(Torch.scalar(0.25));
      assertThat(Torch.floats(pooled.select(1, cell)))
          .containsExactly(Torch.floats(mean), within(1e-6f));
    }
  }

  @Test
  void showsTheClassTokenAndOfTheConnectorTheMean() {
    VisionTower tower = tower("clip_vision_model");
    List<Tensor> states = states(tower);
    Tensor text = new RandomState(3).normal(2, 4, 12);
    Map<String, Tensor> features = FeatureHooks.take(tokens("class", 1), tower, states, text);
    assertThat(Torch.floats(features.get("low")))
        .containsExactly(Torch.floats(states.get(1).narrow(1, 0, 1)));
    assertThat(Torch.floats(features.get("text")))
        .containsExactly(
            Torch.floats(text.mean(new long[] {1}, true, new ScalarTypeOptional())), within(1e-6f));
  }

  @Test
  void namesAnEncoderWithoutAClassTokenAndAGridThatIsTooFine() {
    VisionTower siglip = tower("siglip_vision_model");
    Tensor text = new RandomState(3).normal(2, 4, 12);
    assertThatThrownBy(() -> FeatureHooks.take(tokens("class", 1), siglip, states(siglip), text))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("tokens.kind")
        .hasMessageContaining("no class token");
    assertThatThrownBy(() -> FeatureHooks.take(tokens("grid", 3), siglip, states(siglip), text))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("tokens.grid is 3")
        .hasMessageContaining("4 patches, 2 a side");
  }

  private static SupervisionConfig tokens(String kind, int grid) {
    String features = kind.equals("grid") && grid == 2 ? "[\"text\"]" : "[\"text\", \"low\"]";
    return SupervisionConfig.parse(
        TinyModel.json(
            "{\"features\": %s, \"levels\": {\"low\": 1}, \"tokens\": {\"kind\": \"%s\", \"grid\": %d}}"
                .formatted(features, kind, grid)),
        "test");
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
