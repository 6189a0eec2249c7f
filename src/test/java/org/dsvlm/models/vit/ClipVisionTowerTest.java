/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TensorScope.class)
class ClipVisionTowerTest {
  private static final VitConfig CONFIG =
      new VitConfig(new ClipFamily(), 64, 128, 2, 4, 3, 28, 14, Activation.QUICK_GELU, 1e-5, false);

  private final RandomState random = new RandomState(7);
  private ParameterStore store;
  private ClipVisionTower tower;

  @BeforeEach
  void build() {
    store = ParameterStore.random(random, ScalarType.Double, "cpu");
    tower = new ClipVisionTower(store.root().at("vision_model"), CONFIG);
  }

  @AfterEach
  void free() {
    store.close();
  }

  @Test
  void shapesOfEveryState() {
    List<Tensor> states = tower.hiddenStates(random.normal(2, 3, 28, 28));
    assertThat(states).hasSize(3);
    assertThat(states)
        .allSatisfy(state -> assertThat(Torch.describe(state)).isEqualTo("float64 [2, 5, 64]"));
    assertThat(Torch.shape(tower.patches(states.get(1)))).containsExactly(2, 4, 64);
    assertThat(Torch.shape(tower.pooled(states.get(2)))).containsExactly(2, 64);
  }

  @Test
  void picturesDoNotMeet() {
    Tensor two = random.normal(2, 3, 28, 28);
    Tensor together = tower.hiddenStates(two).get(2).narrow(0, 1, 1);
    Tensor alone = tower.hiddenStates(two.narrow(0, 1, 1)).get(2);
    assertThat(Torch.item(together.sub(alone).abs().max())).isLessThan(1e-12);
  }

  @Test
  void startsAsClipDoes() {
    assertThat(spread("encoder.layers.1.self_attn.q_proj.weight"))
        .isCloseTo(1 / (8 * 2.0), within(0.003));
    assertThat(spread("encoder.layers.1.self_attn.out_proj.weight"))
        .isCloseTo(1 / 8.0, within(0.006));
    assertThat(spread("encoder.layers.0.mlp.fc1.weight"))
        .isCloseTo(1 / Math.sqrt(128), within(0.003));
    assertThat(spread("encoder.layers.0.mlp.fc2.weight")).isCloseTo(1 / (8 * 2.0), within(0.003));
    assertThat(spread("embeddings.patch_embedding.weight")).isCloseTo(0.02, within(0.001));
    assertThat(spread("encoder.layers.0.mlp.fc1.bias")).isZero();
    assertThat(store.tensors()).hasSize(3 + 4 + 2 * 16);
  }

  private double spread(String name) {
    return Torch.item(store.tensors().get("vision_model." + name).std(false));
  }

  @Test
  void picturesOfAnotherSizeAreNamed() {
    assertThatThrownBy(() -> tower.hiddenStates(random.normal(1, 3, 28, 42)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("float32 [1, 3, 28, 42]")
        .hasMessageContaining("takes [pictures, 3, 28, 28]");
    assertThatThrownBy(() -> tower.hiddenStates(random.normal(3, 28, 28)))
        .isInstanceOf(DsVlmException.class);
  }

  @Test
  void keepsNothingButItsResults() {
    Tensor pixelValues = random.normal(1, 3, 28, 28);
    tower.hiddenStates(pixelValues).forEach(Tensor::close);
    long before = NativeObjects.settledCount();
    for (int i = 0; i < 3; i++) {
      tower.hiddenStates(pixelValues).forEach(Tensor::close);
    }
    assertThat(Pointer.totalCount()).isEqualTo(before);
  }
}
