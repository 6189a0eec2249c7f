/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/** Scaled dot-product attention and the reshapes around it. */
public final class Attention {
  private Attention() {}

  /** [batch, tokens, heads · headDim] to [batch, heads, tokens, headDim]. */
  public static Tensor splitHeads(Tensor x, long heads) {
    return x.view(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
  }

  /** [batch, heads, tokens, headDim] to [batch, tokens, heads · headDim]. */
  public static Tensor joinHeads(Tensor x) {
    return x.transpose(1, 2).reshape(x.size(0), x.size(2), x.size(1) * x.size(3));
  }

  /** softmax(q kᵀ / √headDim) v; q, k, v: [batch, heads, tokens, headDim]. */
  public static Tensor full(Tensor q, Tensor k, Tensor v) {
    return torch.scaled_dot_product_attention(
        q, k, v, Torch.none(), 0.0, false, new DoubleOptional(), false);
  }

  /**
   * Like {@link #full} with a mask [batch or 1, heads or 1, queries, keys]: boolean (true takes
   * part) or added to the scores. With fewer key heads than query heads each key head serves a
   * group.
   */
  public static Tensor masked(Tensor q, Tensor k, Tensor v, Tensor mask) {
    return torch.scaled_dot_product_attention(
        q,
        k,
        v,
        new TensorOptional(mask),
        0.0,
        false,
        new DoubleOptional(),
        q.size(1) != k.size(1));
  }

  /** Like {@link #full}, each query seeing the keys up to its own position. */
  public static Tensor causal(Tensor q, Tensor k, Tensor v) {
    return torch.scaled_dot_product_attention(
        q, k, v, Torch.none(), 0.0, true, new DoubleOptional(), q.size(1) != k.size(1));
  }
}
