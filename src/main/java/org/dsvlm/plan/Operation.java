/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A call of the tensor library, or a few of one kind.
 *
 * @param part of the model that it belongs to
 * @param role when it happens, and what for
 * @param kind what limits it
 * @param shape sizes by which operations of a kind are told apart, see {@link Kind}
 * @param flops floating-point operations of matrix products, two for a multiplication and addition
 * @param bytes read from and written to memory if nothing is found in a cache
 * @param calls how many calls these are
 */
record Operation(
    Part part, Role role, Kind kind, List<Long> shape, double flops, double bytes, int calls) {

  /** What a call is for. */
  enum Role {
    FORWARD,
    INPUT_GRADIENT,
    WEIGHT_GRADIENT,
    UPDATE;

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The pass that it belongs to, as reports name it. */
    String pass() {
      return switch (this) {
        case FORWARD -> "forward";
        case INPUT_GRADIENT, WEIGHT_GRADIENT -> "backward";
        case UPDATE -> "update";
      };
    }
  }

  /** Operations of a kind reach a like share of what a device can do. */
  enum Kind {
    /** Shape: rows, inner width, columns. */
    MATRIX_PRODUCT,
    /** Shape: batch, channels in and out, height and width of the output, kernel, stride. */
    CONVOLUTION,
    /** Shape: batch, heads, queries, keys, width of a head. */
    ATTENTION,
    /** The experts' cross-attention. Shape: the same, with all experts' keys, then experts. */
    EXPERT_ATTENTION,
    /** Shape: batch, channels and positions of a group norm; rows and width of a layer norm. */
    NORM,
    /** Shape: elements. */
    ACTIVATION,
    /** Sums, products and copies of elements. Shape: elements. */
    POINTWISE;

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A shape of whole numbers. */
  static List<Long> shape(double... sizes) {
    return Arrays.stream(sizes).mapToObj(Math::round).toList();
  }
}
