/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.kernels.LinearProduct;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The low-rank update of one linear layer, which calls it: {@code y + scaling · B A dropout(x)}.
 */
final class LoraLayer {
  private final Linear linear;
  private final String path;
  private final Tensor a;
  private final Tensor b;
  private final double scaling;
  private final double dropout;

  private boolean active = true;
  private @Nullable Tensor unmerged;

  /** The random state of each row's dropout, if there is any. */
  private @Nullable List<RandomState> rows;

  /**
   * Attaches itself to {@code linear}.
   *
   * @param a [rank, in]
   * @param b [out, rank]
   */
  LoraLayer(Linear linear, String path, Tensor a, Tensor b, double scaling, double dropout) {
    this.linear = linear;
    this.path = path;
    this.a = a;
    this.b = b;
    this.scaling = scaling;
    this.dropout = dropout;
    linear.attach(this);
  }

  Tensor a() {
    return a;
  }

  Tensor b() {
    return b;
  }

  void setActive(boolean takesPart) {
    active = takesPart;
  }

  /** Whether it changes the layer's output: it is active, and not in the weight already. */
  boolean takesPart() {
    return active && unmerged == null;
  }

  void setRows(@Nullable List<RandomState> drawnFrom) {
    rows = drawnFrom;
  }

  /**
   * The layer's output with the update, in the type that it had; the update is computed in the
   * adapter's own.
   *
   * @param x the layer's input, [..., in]
   * @param y the layer's output without the update, [..., out]
   */
  Tensor update(Tensor x, Tensor y) {
    if (!takesPart()) {
      return y;
    }
    return Torch.tidy(
        () -> {
          Tensor input = x.to(a.scalar_type());
          if (rows != null && dropout > 0) {
            input = input.mul(mask(input, rows));
          }
          Tensor inner = LinearProduct.of(input, a, Torch.none());
          Tensor change = LinearProduct.of(inner, b, Torch.none());
          return y.add(change, Torch.scalar(scaling)).to(y.scalar_type());
        });
  }

  /** 0 for what is dropped, else 1 / (1 − dropout); every row of x from its own random state. */
  private Tensor mask(Tensor x, List<RandomState> rows) {
    if (x.dim() != 3 || x.size(0) != rows.size()) {
      throw new DsVlmException(
          "LoRA on '"
              + path
              + "': dropout is drawn row by row, for "
              + rows.size()
              + " rows of tokens, but the layer reads "
              + Torch.describe(x)
              + "; set dropout to 0 or leave the layer out");
    }
    Tensor[] drawn =
        rows.stream()
            .map(row -> row.fork(path).dropoutMask(dropout, x.device(), x.size(1), x.size(2)))
            .toArray(Tensor[]::new);
    return Torch.stack(0, drawn).to(x.scalar_type()).mul(Torch.scalar(1 / (1 - dropout)));
  }

  /**
   * Adds the update to the weight; the layer then computes with the weight alone.
   *
   * @param restorable whether to keep the weight as it was for {@link #unmerge}
   */
  void merge(boolean restorable) {
    if (unmerged != null) {
      return;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      if (restorable) {
        unmerged = Torch.keep(linear.weight().clone());
      }
      addTo(linear.weight());
    }
  }

  /** {@code weight} plus the update, in the type of {@code weight}, which rounds the sum once. */
  Tensor merged(Tensor weight) {
    Tensor sum = weight.clone();
    addTo(sum);
    return sum;
  }

  private void addTo(Tensor weight) {
    weight.add_(b.matmul(a).mul(Torch.scalar(scaling)));
  }

  /** Gives the weight its bits from before {@link #merge}; nothing if it was not merged. */
  void unmerge() {
    if (unmerged != null) {
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        linear.weight().copy_(unmerged);
      }
      unmerged.close();
      unmerged = null;
    }
  }

  /** Leaves the layer as it stands and frees the update. */
  void detach() {
    linear.detach(this);
    a.close();
    b.close();
    if (unmerged != null) {
      unmerged.close();
      unmerged = null;
    }
  }
}
