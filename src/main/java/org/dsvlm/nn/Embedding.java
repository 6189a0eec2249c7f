/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Rows of {@code weight} [rows, width] by id. */
public final class Embedding {
  private final Tensor weight;

  public Embedding(Parameters parameters, Init init, long rows, long width) {
    this.weight = parameters.get("weight", init, rows, width);
  }

  /** ids: [...] int64 in, [..., width] out. */
  public Tensor forward(Tensor ids) {
    return torch.embedding(weight, ids);
  }

  /** The table, [rows, width]. */
  public Tensor weight() {
    return weight;
  }
}
