/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class AttentionTest {
  /** Types of 16 bits give what float32 gives of the same numbers, rounded once. */
  @Test
  void narrowTypesKeepTheirTypeAndRoundOnce() {
    try (PointerScope scope = new PointerScope()) {
      RandomState random = new RandomState(1);
      for (ScalarType dtype : List.of(ScalarType.BFloat16, ScalarType.Half)) {
        Tensor q = random.fork("q").normal(2, 4, 5, 8).to(dtype);
        Tensor k = random.fork("k").normal(2, 2, 5, 8).to(dtype);
        Tensor v = random.fork("v").normal(2, 2, 5, 8).to(dtype);
        Tensor wideQ = q.to(ScalarType.Float);
        Tensor wideK = k.to(ScalarType.Float);
        Tensor wideV = v.to(ScalarType.Float);
        Tensor visible = torch.ones(5, 5).tril().to(ScalarType.Bool).view(1, 1, 5, 5);
        Tensor added = random.fork("mask").normal(1, 1, 5, 5).to(dtype);
        same(Attention.causal(q, k, v), Attention.causal(wideQ, wideK, wideV), dtype);
        same(Attention.masked(q, k, v, visible), Attention.causal(wideQ, wideK, wideV), dtype);
        same(
            Attention.masked(q, k, v, added),
            Attention.masked(wideQ, wideK, wideV, added.to(ScalarType.Float)),
            dtype);
        same(Attention.full(k, k, v), Attention.full(wideK, wideK, wideV), dtype);
      }
    }
  }

  private static void same(Tensor narrow, Tensor wide, ScalarType dtype) {
    assertThat(narrow.scalar_type().intern()).isEqualTo(dtype);
    // The causal and the masked kernel add up in another order: one step of the type apart.
    assertThat(torch.allclose(narrow.to(ScalarType.Float), wide, 1e-2, 1e-2, false)).isTrue();
    assertThat(Torch.shape(narrow)).isEqualTo(Torch.shape(wide));
  }
}
