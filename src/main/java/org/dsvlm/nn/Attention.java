/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
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
    return attend(q, k, v, Torch.none(), false);
  }

  /**
   * Like {@link #full} with a mask [batch or 1, heads or 1, queries, keys]: boolean (true takes
   * part) or added to the scores. With fewer key heads than query heads each key head serves a
   * group.
   */
  public static Tensor masked(Tensor q, Tensor k, Tensor v, Tensor mask) {
    return attend(q, k, v, new TensorOptional(mask), false);
  }

  /** Like {@link #full}, each query seeing the keys up to its own position. */
  public static Tensor causal(Tensor q, Tensor k, Tensor v) {
    return attend(q, k, v, Torch.none(), true);
  }

  private static Tensor attend(Tensor q, Tensor k, Tensor v, TensorOptional mask, boolean causal) {
    ScalarType dtype = q.scalar_type().intern();
    boolean reduced = dtype == ScalarType.BFloat16 || dtype == ScalarType.Half;
    if (!reduced || !q.device().is_cpu()) {
      return product(q, k, v, mask, causal);
    }
    // LibTorch's own kernel for these types is some 20 times slower on the CPU than by way of
    // float32, its matrix products having no library behind them there.
    boolean added = mask.has_value() && mask.get().scalar_type().intern() == dtype;
    TensorOptional wideMask = added ? new TensorOptional(mask.get().to(ScalarType.Float)) : mask;
    return product(
            q.to(ScalarType.Float),
            k.to(ScalarType.Float),
            v.to(ScalarType.Float),
            wideMask,
            causal)
        .to(dtype);
  }

  private static Tensor product(Tensor q, Tensor k, Tensor v, TensorOptional mask, boolean causal) {
    return torch.scaled_dot_product_attention(
        q, k, v, mask, 0.0, causal, new DoubleOptional(), q.size(1) != k.size(1));
  }
}
