/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn.cost;

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
public record Operation(
    Part part, Role role, Kind kind, List<Long> shape, double flops, double bytes, int calls) {

  /** The purpose of a call. */
  public enum Role {
    FORWARD,
    /** The forward pass of a block once more, whose activations were not kept. */
    RECOMPUTATION,
    INPUT_GRADIENT,
    WEIGHT_GRADIENT,
    UPDATE;

    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The pass that it belongs to, as reports name it. */
    public String pass() {
      return switch (this) {
        case FORWARD -> "forward";
        case RECOMPUTATION, INPUT_GRADIENT, WEIGHT_GRADIENT -> "backward";
        case UPDATE -> "update";
      };
    }

    /** The one that takes as long on the same shape, where this one is not timed itself. */
    public Role alike() {
      return this == RECOMPUTATION ? FORWARD : this;
    }
  }

  /** The same operation in another role. */
  public Operation as(Role other) {
    return new Operation(part, other, kind, shape, flops, bytes, calls);
  }

  /** Operations of a kind reach a like share of what a device can do. */
  public enum Kind {
    /** Shape: rows, inner width, columns, 1 with a bias or 0 without. */
    MATRIX_PRODUCT,
    /** Shape: batch, channels in and out, height and width of the output, kernel, stride. */
    CONVOLUTION,
    /** Shape: batch, heads of the queries and of the keys, queries, keys, width of a head. */
    ATTENTION,
    /** The experts' cross-attention. Shape: batch, heads, queries, all keys, width, experts. */
    EXPERT_ATTENTION,
    /**
     * Shape: batch, channels, positions and groups of a group norm; rows and width of a layer's.
     */
    NORM,
    /** A group norm and SiLU in one. Shape: batch, channels, positions, groups. */
    NORM_AND_SILU,
    /** Shape: elements, {@link Function} by its number. */
    ACTIVATION,
    /** A copy that puts positions before channels. Shape: batch, channels, positions. */
    TRANSPOSITION,
    /** Sums, products and copies of elements. Shape: elements. */
    POINTWISE;

    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Functions of single elements, which take unlike times. */
  public enum Function {
    RELU,
    SIGMOID,
    SILU,
    GELU,
    GELU_TANH
  }

  /** A shape of whole numbers. */
  public static List<Long> shape(double... sizes) {
    return Arrays.stream(sizes).mapToObj(Math::round).toList();
  }
}
