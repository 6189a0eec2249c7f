/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TensorScope.class)
class LlamaModelTest {
  private final ParameterStore store = TinyModels.store();
  private LlamaModel model;

  @BeforeEach
  void build() {
    model = new LlamaModel(store.root().at("model"), TinyModels.CONFIG);
  }

  @AfterEach
  void free() {
    store.close();
  }

  private static Tensor ids(long... values) {
    return Torch.of(values, 1, values.length);
  }

  private static void assertEqual(Tensor actual, Tensor expected) {
    double[] left = Torch.doubles(actual);
    double[] right = Torch.doubles(expected);
    assertThat(left).hasSameSizeAs(right);
    for (int i = 0; i < left.length; i++) {
      assertThat(left[i]).isCloseTo(right[i], within(1e-6));
    }
  }

  @Test
  void paddingInFrontChangesNothing() {
    Tensor plain = model.forward(model.embed(ids(3, 4, 5)), null);
    Tensor mask = Torch.of(new long[] {0, 0, 1, 1, 1}, 1, 5);
    Tensor padded = model.forward(model.embed(ids(9, 9, 3, 4, 5)), mask);
    assertEqual(padded.narrow(1, 2, 3), plain);
    assertThat(padded.isfinite().all().item_bool()).isTrue();
  }

  @Test
  void paddingAtTheEndChangesNothing() {
    Tensor plain = model.forward(model.embed(ids(3, 4, 5)), null);
    Tensor mask = Torch.of(new long[] {1, 1, 1, 0, 0}, 1, 5);
    Tensor padded = model.forward(model.embed(ids(3, 4, 5, 9, 9)), mask);
    assertEqual(padded.narrow(1, 0, 3), plain);
  }

  @Test
  void cachedStepsEqualTheWholeSequence() {
    Tensor embedded = model.embed(ids(3, 4, 5, 6, 7, 8));
    Tensor whole = model.forward(embedded, null);
    try (KvCache cache = new KvCache(TinyModels.CONFIG, 1, 6, embedded)) {
      assertEqual(model.forward(embedded.narrow(1, 0, 2), null, cache), whole.narrow(1, 0, 2));
      assertEqual(model.forward(embedded.narrow(1, 2, 3), null, cache), whole.narrow(1, 2, 3));
      assertEqual(model.forward(embedded.narrow(1, 5, 1), null, cache), whole.narrow(1, 5, 1));
      assertThatThrownBy(() -> model.forward(embedded.narrow(1, 0, 1), null, cache))
          .isInstanceOf(DsVlmException.class)
          .hasMessage("the cache was made for 6 tokens and holds 6; 1 more do not fit");
    }
  }

  @Test
  void hiddenStatesEndWithTheFinalNorm() {
    Tensor embedded = model.embed(ids(3, 4, 5));
    var states = model.hiddenStates(embedded, null);
    assertThat(states).hasSize(TinyModels.CONFIG.layers() + 1);
    assertEqual(states.get(0), embedded);
    assertEqual(states.get(TinyModels.CONFIG.layers()), model.forward(embedded, null));
  }

  @Test
  @BadInput(
      number = 30,
      value = "a token id beyond the embedding rows",
      then = "an error with record, position and id")
  void aTokenBeyondTheEmbeddingRows() {
    Tensor batch = Torch.of(new long[] {1, 2, 3, 4, 50, 6}, 2, 3);
    assertThatThrownBy(() -> model.embed(batch))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(
            "record 1 of the batch, token 1: id 50 is outside the model's 50 embedding rows");
    assertThatThrownBy(() -> model.embed(ids(1, -200))).hasMessageContaining("token 1: id -200");
  }

  @Test
  void aSequenceBeyondTheContextIsAnError() {
    Tensor embedded = model.embed(Torch.of(new long[33], 1, 33));
    assertThatThrownBy(() -> model.forward(embedded, null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("33 tokens is longer than the model's context of 32");
  }

  @Test
  void freesWhatItMakes() {
    Tensor embedded = model.embed(ids(3, 4, 5));
    model.forward(embedded, null).close();
    long before = NativeObjects.settledCount();
    for (int i = 0; i < 5; i++) {
      model.forward(embedded, null).close();
    }
    assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before + 5);
  }

  @Test
  @Closes(KvCache.class)
  void aClosedCacheSaysSo() {
    Tensor embedded = model.embed(ids(3, 4, 5));
    KvCache cache = new KvCache(TinyModels.CONFIG, 1, 6, embedded);
    model.forward(embedded, null, cache);
    KvCache row = cache.row(0, 0);
    row.close();
    assertThat(cache.length()).as("a closed row leaves the whole").isEqualTo(3);
    model.forward(embedded, null, cache);
    Closed.saysSo(
        cache,
        () -> model.forward(embedded, null, cache),
        cache::tensors,
        () -> cache.layer(0),
        () -> cache.row(0, 0),
        () -> cache.resize(1, 9, 0, 0),
        () -> cache.move(0, 0),
        () -> cache.drop(0),
        () -> cache.checkRoom(1));
  }
}
