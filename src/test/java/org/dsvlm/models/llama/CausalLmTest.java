/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.TokenizedConversation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CausalLmTest {
  private final PointerScope scope = new PointerScope();
  private final ParameterStore store = TinyModels.store();
  private final CausalLm languageModel = new CausalLm(store.root(), TinyModels.CONFIG);

  @AfterEach
  void free() {
    store.close();
    scope.close();
  }

  private Tensor states(Tensor ids) {
    return languageModel.model().forward(languageModel.model().embed(ids), null);
  }

  @Test
  void lossIsTheMeanOverAllCountedLabelsOfTheBatch() {
    Tensor ids = Torch.of(new long[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 4);
    Tensor labels = Torch.of(new long[] {-100, -100, 3, 4, -100, -100, -100, 8}, 2, 4);
    Tensor states = states(ids);
    double expected = 0;
    Tensor logProbabilities = languageModel.logits(states).log_softmax(-1);
    double[] all = Torch.doubles(logProbabilities);
    int rows = TinyModels.CONFIG.vocabularySize();
    expected -= all[(0 * 4 + 1) * rows + 3];
    expected -= all[(0 * 4 + 2) * rows + 4];
    expected -= all[(1 * 4 + 2) * rows + 8];
    assertThat(Torch.item(languageModel.loss(states, labels)))
        .isCloseTo(expected / 3, within(1e-9));
  }

  @Test
  void withoutAnyCountedLabelTheLossIsZeroAndSoAreItsGradients() {
    store.setTrainable(name -> true);
    Tensor labels =
        torch.full_like(Torch.of(new long[4], 1, 4), Torch.scalar(TokenizedConversation.IGNORED));
    Tensor loss = languageModel.loss(states(Torch.of(new long[] {1, 2, 3, 4}, 1, 4)), labels);
    assertThat(Torch.item(loss)).isZero();
    loss.backward();
    Tensor gradient = store.tensors().get("model.embed_tokens.weight").grad();
    assertThat(Torch.item(gradient.abs().sum())).isZero();
  }

  @Test
  void aLabelThatIsNoTokenIsAnError() {
    Tensor states = states(Torch.of(new long[] {1, 2, 3, 4}, 1, 4));
    Tensor labels = Torch.of(new long[] {-100, 2, 60, 4}, 1, 4);
    assertThatThrownBy(() -> languageModel.loss(states, labels))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("record 0 of the batch, token 2: label 60 is none of the model's 50 tokens");
  }
}
