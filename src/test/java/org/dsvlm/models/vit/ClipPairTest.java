/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class ClipPairTest {
  private static final String CONFIG =
      """
      {"model_type": "clip", "projection_dim": 6,
       "vision_config": {"model_type": "clip_vision_model", "hidden_size": 8,
         "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "image_size": 16, "patch_size": 8},
       "text_config": {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 16,
         "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 6,
         "eos_token_id": 1}}
      """;

  private static ClipPair.Sizes sizes() throws Exception {
    return ClipPair.Sizes.parse(JsonConfig.of(new ObjectMapper().readTree(CONFIG), "test"));
  }

  @Test
  void sizesComeBackFromTheirFile() throws Exception {
    assertThat(ClipPair.Sizes.parse(JsonConfig.of(sizes().toJson(), "again"))).isEqualTo(sizes());
  }

  @Test
  void aTextSeesWhatIsBeforeItAlone() throws Exception {
    try (PointerScope scope = new PointerScope();
        ParameterStore store = ParameterStore.random(new RandomState(1), ScalarType.Float, "cpu")) {
      ClipTextTower text = new ClipPair(store.root(), sizes()).text();
      float[] first = Torch.floats(text.states(Torch.of(new long[] {0, 5, 7, 1, 2, 2}, 1, 6)));
      float[] other = Torch.floats(text.states(Torch.of(new long[] {0, 5, 7, 9, 3, 4}, 1, 6)));
      assertThat(Arrays.copyOf(other, 24)).containsExactly(Arrays.copyOf(first, 24));
      assertThat(Arrays.copyOfRange(other, 24, 32)).isNotEqualTo(Arrays.copyOfRange(first, 24, 32));
    }
  }

  @Test
  void theFirstEndTokenStandsForTheText() throws Exception {
    try (PointerScope scope = new PointerScope();
        ParameterStore store = ParameterStore.random(new RandomState(1), ScalarType.Float, "cpu")) {
      ClipTextTower text = new ClipPair(store.root(), sizes()).text();
      Tensor ids = Torch.of(new long[] {0, 5, 1, 1, 2, 2, 0, 5, 6, 7, 8, 1}, 2, 6);
      Tensor states = text.states(ids);
      float[] pooled = Torch.floats(text.pooled(states, ids));
      assertThat(Arrays.copyOf(pooled, 8))
          .containsExactly(Torch.floats(states.select(0, 0).select(0, 2)));
      assertThat(Arrays.copyOfRange(pooled, 8, 16))
          .containsExactly(Torch.floats(states.select(0, 1).select(0, 5)));
    }
  }

  /** With vectors that tell nothing apart the loss is ln of the batch; training lowers it. */
  @Test
  void theLossIsThatOfChoosingAmongTheBatch() throws Exception {
    try (PointerScope scope = new PointerScope();
        ParameterStore store = ParameterStore.random(new RandomState(1), ScalarType.Float, "cpu")) {
      ClipPair pair = new ClipPair(store.root(), sizes());
      Tensor picture = new RandomState(2).normal(1, 3, 16, 16);
      Tensor pictures = Torch.cat(0, picture, picture, picture, picture);
      Tensor text = Torch.of(new long[] {0, 5, 1, 2, 2, 2}, 1, 6);
      Tensor texts = Torch.cat(0, text, text, text, text);
      assertThat(Torch.item(pair.loss(pictures, texts))).isCloseTo(Math.log(4), offset(1e-5));
      float[] vectors = Torch.floats(pair.textVectors(text));
      double length = 0;
      for (float value : vectors) {
        length += value * value;
      }
      assertThat(length).isCloseTo(1, offset(1e-5));
    }
  }
}
