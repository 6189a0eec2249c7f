/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The refused arguments; {@code NextTokensTest} compares the results with the model. */
class LlamaDecodeTest {
  private static final int VOCABULARY = 7;
  private static final int WIDTH = 6;
  private static final int INNER = 5;
  private static final int HEADS = 2;
  private static final int HEAD_DIM = 4;
  private static final int CAPACITY = 3;

  private final PointerScope scope = new PointerScope();
  private final List<Tensor> weights = new ArrayList<>();
  private final List<Tensor> cache = new ArrayList<>();

  @BeforeEach
  void draw() {
    Implementation.NATIVE.assume();
    long[][] shapes = {
      {VOCABULARY, WIDTH},
      {WIDTH},
      {HEADS * HEAD_DIM, WIDTH},
      {HEAD_DIM, WIDTH},
      {HEAD_DIM, WIDTH},
      {WIDTH, HEADS * HEAD_DIM},
      {WIDTH},
      {INNER, WIDTH},
      {INNER, WIDTH},
      {WIDTH, INNER},
      {WIDTH},
      {VOCABULARY, WIDTH}
    };
    for (long[] shape : shapes) {
      weights.add(Implementation.normal(weights.size(), ScalarType.Float, shape));
    }
    cache.add(Implementation.normal(20, ScalarType.Float, 1, 1, CAPACITY, HEAD_DIM));
    cache.add(Implementation.normal(21, ScalarType.Float, 1, 1, CAPACITY, HEAD_DIM));
  }

  @AfterEach
  void free() {
    scope.close();
  }

  private Tensor logits(long id, long start, long length) {
    Tensor angles = Implementation.uniform(30, ScalarType.Float, CAPACITY, HEAD_DIM);
    try (LlamaDecode decoder =
        new LlamaDecode(weights, List.of(), cache, angles, angles, HEADS, 1e-5)) {
      return Torch.withoutGradient(
          () ->
              decoder.logits(
                  Torch.of(new long[] {id}, 1), Torch.of(new long[] {start}, 1), length));
    }
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> logits(1, 0, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("dsvlm::llama_decode: " + message);
  }

  @Test
  void writesTheCacheAtTheTokensPlaceAlone() {
    double[] before = Torch.doubles(cache.get(0));
    Tensor logits = logits(1, 0, 1);
    assertThat(Torch.shape(logits)).containsExactly(1, VOCABULARY);
    assertThat(logits.isfinite().all().item_bool()).isTrue();
    double[] after = Torch.doubles(cache.get(0));
    for (int i = 0; i < after.length; i++) {
      if (i / HEAD_DIM == 1) {
        assertThat(after[i]).isNotEqualTo(before[i]);
      } else {
        assertThat(after[i]).isEqualTo(before[i]);
      }
    }
  }

  @Test
  void refusesTokensAndPlacesThatAreNotThere() {
    assertThatThrownBy(() -> logits(7, 0, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("dsvlm::llama_decode: ids[0] is 7, but the model has 7 tokens");
    assertThatThrownBy(() -> logits(-1, 0, 1)).hasMessageContaining("ids[0] is -1");
    assertThatThrownBy(() -> logits(1, 2, 1))
        .hasMessageContaining("starts[0] is 2, but the cache holds 1 tokens");
    assertThatThrownBy(() -> logits(1, 0, CAPACITY))
        .hasMessageContaining("a cache of 3 tokens has no room after 3");
    assertThatThrownBy(() -> logits(1, 0, -1)).hasMessageContaining("has no room after -1");
  }

  @Test
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesWeightsThatDoNotFit() {
    Tensor query = weights.get(2);
    weights.set(2, query.narrow(0, 0, 4));
    assertRefused("weights[2] must be [out, in] [8, 6], but has shape [4, 6]");
    weights.set(2, query.to(ScalarType.Double));
    assertRefused("weights[2] is float64, but weights[0] is float32");
    weights.set(2, query.t().contiguous().t());
    assertRefused("weights[2] must be contiguous");
    weights.set(2, query);
    cache.set(1, cache.get(1).transpose(2, 3));
    assertRefused(
        "cache[1] must be [batch, key_heads, capacity, head_dim] [1, 1, 3, 4], but has shape"
            + " [1, 1, 4, 3]");
    cache.remove(1);
    assertRefused(
        "cache must be keys and values of each of 1 layers, at least one, but has 1 tensors");
    weights.remove(3);
    assertRefused(
        "weights must be the embedding table, 9 of each layer, a norm and the head, but are 11");
  }

  @Test
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesClosedTensorsAndGradients() {
    weights.get(4).set_requires_grad(true);
    Tensor angles = Implementation.uniform(30, ScalarType.Float, CAPACITY, HEAD_DIM);
    Tensor one = Torch.of(new long[] {1}, 1);
    try (LlamaDecode decoder =
        new LlamaDecode(weights, List.of(), cache, angles, angles, HEADS, 1e-5)) {
      assertThatThrownBy(() -> decoder.logits(one, one, 1))
          .isInstanceOf(DsVlmException.class)
          .hasMessage("dsvlm::llama_decode: has no gradient; call it without recording gradients");
    }
    weights.get(5).close();
    assertThatThrownBy(() -> logits(1, 0, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::llama_decode: weights[5] is null or was closed");
  }

  @Test
  void noRecordsGiveNoLogits() {
    cache.replaceAll(tensor -> tensor.narrow(0, 0, 0));
    Tensor none = Torch.of(new long[0], 0);
    Tensor angles = Implementation.uniform(30, ScalarType.Float, CAPACITY, HEAD_DIM);
    try (LlamaDecode decoder =
        new LlamaDecode(weights, List.of(), cache, angles, angles, HEADS, 1e-5)) {
      assertThat(Torch.shape(decoder.logits(none, none, 0))).containsExactly(0, VOCABULARY);
    }
  }

  @Test
  @Closes(LlamaDecode.class)
  void aClosedDecoderSaysSo() {
    Tensor angles = Implementation.uniform(30, ScalarType.Float, CAPACITY, HEAD_DIM);
    LlamaDecode decoder = new LlamaDecode(weights, List.of(), cache, angles, angles, HEADS, 1e-5);
    Tensor one = Torch.of(new long[] {1}, 1);
    Closed.saysSo(decoder, () -> decoder.logits(one, one, 1));
  }
}
