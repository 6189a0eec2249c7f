/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn.cost;

import java.util.Locale;

/** Operations of a type reach a like share of what a device can do. */
public enum OperationType {
  /** Shape: rows, inner width, columns, 1 with a bias or 0 without. */
  MATRIX_PRODUCT,
  /** Shape: batch, channels in and out, height and width of the output, kernel, stride. */
  CONVOLUTION,
  /** Shape: batch, heads of the queries and of the keys, queries, keys, width of a head. */
  ATTENTION,
  /** The experts' cross-attention. Shape: batch, heads, queries, all keys, width, experts. */
  EXPERT_ATTENTION,
  /** Shape: batch, channels, positions and groups of a group norm; rows and width of a layer's. */
  NORM,
  /** A group norm and SiLU in one. Shape: batch, channels, positions, groups. */
  NORM_AND_SILU,
  /** Shape: elements, the function by its number. */
  ACTIVATION,
  /** A copy that puts positions before channels. Shape: batch, channels, positions. */
  TRANSPOSITION,
  /** Sums, products and copies of elements. Shape: elements. */
  POINTWISE;

  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
