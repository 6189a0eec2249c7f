/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.testing.LibTorchCalls;
import org.dsvlm.testing.ObservedWork;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a plan counts of an encoder is what LibTorch runs. */
@ExtendWith(TensorScope.class)
class VisionCostTest {
  private static final int PICTURES = 2;

  private static final String SIZES =
      """
      "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 3,
      "num_attention_heads": 3, "image_size": 8, "patch_size": 4}""";

  @BeforeEach
  void recorded() {
    LibTorchCalls.assumeRecorded();
  }

  /** The loss reads the output of the last but one block, or of the last. */
  @ParameterizedTest
  @CsvSource({
    "clip_vision_model, false, 2, false",
    "clip_vision_model, true, 2, false",
    "clip_vision_model, true, 3, true",
    "siglip_vision_model, false, 3, false",
    "siglip_vision_model, true, 2, true",
    "siglip_vision_model, true, 3, false"
  })
  void theTapeHoldsWhatRuns(String type, boolean trained, int used, boolean again)
      throws JsonProcessingException {
    VisionConfig config =
        VisionConfig.parse(
            new ObjectMapper().readTree("{\"model_type\": \"" + type + "\", " + SIZES), "test");
    RandomState random = new RandomState(3);
    try (ParameterStore store = ParameterStore.random(random, ScalarType.Float, "cpu")) {
      VisionTower tower = config.tower(store.root());
      store.setTrainable(name -> trained);
      tower.setCheckpointing(again && trained);
      Tensor pixels = random.fork("pixels").normal(PICTURES, 3, 8, 8);
      Tape tape = new Tape(4);
      config.cost(tape, PICTURES, trained, used, again);
      ObservedWork.assertThatTapeHolds(
          tape, () -> tower.hiddenStates(pixels).get(used).square().sum());
    }
  }
}
