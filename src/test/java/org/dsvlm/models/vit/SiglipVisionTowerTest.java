/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TensorScope.class)
class SiglipVisionTowerTest {
  private final RandomState random = new RandomState(3);
  private ParameterStore store;

  @BeforeEach
  void open() {
    store = ParameterStore.random(random, ScalarType.Double, "cpu");
  }

  @AfterEach
  void free() {
    store.close();
  }

  private SiglipVisionTower tower(boolean head) {
    // 31 pixels hold two patches of 14 a side: the last three rows and columns are not looked at.
    return new SiglipVisionTower(
        store.root().at("vision_model"),
        new VitConfig(
            new SiglipFamily(), 16, 40, 2, 4, 3, 31, 14, Activation.GELU_TANH, 1e-6, head));
  }

  @Test
  void everyTokenIsAPatch() {
    SiglipVisionTower tower = tower(true);
    List<Tensor> states = tower.hiddenStates(random.normal(2, 3, 31, 31));
    assertThat(states).hasSize(3);
    assertThat(Torch.describe(tower.patches(states.get(1)))).isEqualTo("float64 [2, 4, 16]");
    assertThat(Torch.shape(tower.pooled(tower.output(states.get(2))))).containsExactly(2, 16);
  }

  @Test
  void worksWithoutPoolingHead() {
    SiglipVisionTower tower = tower(false);
    assertThat(store.tensors().keySet()).noneMatch(name -> name.contains(".head."));
    Tensor last = tower.hiddenStates(random.normal(1, 3, 31, 31)).get(2);
    assertThatThrownBy(() -> tower.pooled(last))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("no pooling head");
  }
}
