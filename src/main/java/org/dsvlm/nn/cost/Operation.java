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
 * @param type what limits it
 * @param shape sizes by which operations of a type are told apart, see {@link OperationType}
 * @param flops floating-point operations of matrix products, two for a multiplication and addition
 * @param bytes read from and written to memory if nothing is found in a cache
 * @param calls how many calls these are
 */
public record Operation(
    Part part,
    Role role,
    OperationType type,
    List<Long> shape,
    double flops,
    double bytes,
    int calls) {

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
    return new Operation(part, other, type, shape, flops, bytes, calls);
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
