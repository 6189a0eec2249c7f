/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A tower of two blocks whose pictures have 16 patches of 16 pixels. */
class PlaceHeadsTest {
  private static final int PATCHES = 16;
  private static final int WIDTH = 16;

  private PointerScope scope;
  private ParameterStore store;
  private VisionTower tower;

  @BeforeEach
  void makeTower() throws JsonProcessingException {
    scope = new PointerScope();
    store = ParameterStore.random(new RandomState(5), ScalarType.Float, "cpu");
    tower =
        VisionConfig.parse(
                new ObjectMapper()
                    .readTree(
                        """
                        {"model_type": "clip_vision_model", "hidden_size": 16,
                         "intermediate_size": 16, "num_hidden_layers": 2,
                         "num_attention_heads": 2, "image_size": 64, "patch_size": 16}
                        """),
                "test")
            .tower(store.root().at("tower"));
  }

  @AfterEach
  void free() {
    store.close();
    scope.close();
  }

  /** What each patch says is a unit vector, that of {@code places} steps further on. */
  private static List<Tensor> saying(int places) {
    float[] state = new float[(1 + PATCHES) * WIDTH];
    for (int patch = 0; patch < PATCHES; patch++) {
      state[(1 + patch) * WIDTH + (patch + places) % PATCHES] = 1;
    }
    Tensor one = Torch.of(state, 1, 1 + PATCHES, WIDTH);
    return List.of(torch.zeros_like(one), one, torch.zeros_like(one));
  }

  @Test
  void lossIsThatOfFindingThePatchOfEachPlace() {
    PlaceHeads heads = new PlaceHeads(store.root().at("head"), List.of(1), WIDTH, PATCHES);
    double strength = 3;
    try (NoGradGuard guard = new NoGradGuard()) {
      store.tensors().get("head.1.weight").copy_(torch.eye(PATCHES).mul(Torch.scalar(strength)));
    }
    double found = Math.log(1 + (PATCHES - 1) * Math.exp(-strength));
    assertThat(Torch.item(heads.loss(tower, saying(0)))).isCloseTo(found, offset(1e-5));
    assertThat(Torch.item(heads.loss(tower, saying(1)))).isCloseTo(found + strength, offset(1e-5));
  }

  @Test
  void blocksThatSayNothingCountInTheMean() {
    PlaceHeads heads = new PlaceHeads(store.root().at("head"), List.of(0, 1), WIDTH, PATCHES);
    try (NoGradGuard guard = new NoGradGuard()) {
      store.tensors().get("head.1.weight").copy_(torch.eye(PATCHES).mul(Torch.scalar(30)));
    }
    assertThat(Torch.item(heads.loss(tower, saying(0))))
        .isCloseTo(Math.log(PATCHES) / 2, offset(1e-5));
  }

  @Test
  void placesAreFoundWhereTheTowerKeepsThem() {
    Tensor pixels =
        new RandomState(7)
            .normal(40, 64, 64, 3)
            .mul(Torch.scalar(40))
            .add(Torch.scalar(128))
            .to(ScalarType.Byte);
    WorldPart part =
        new WorldPart(64, Collections.nCopies(40, NullNode.getInstance()), pixels, List.of());
    Tensor positions = store.tensors().get("tower.embeddings.position_embedding.weight");
    try (NoGradGuard guard = new NoGradGuard()) {
      positions.copy_(new RandomState(9).normal(Torch.shape(positions)).mul(Torch.scalar(9)));
      assertThat(PlaceHeads.found(part, tower, 2)).isGreaterThan(0.95);
      positions.zero_();
      assertThat(PlaceHeads.found(part, tower, 2)).isLessThan(0.25);
    }
  }
}
