/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import org.dsvlm.weights.StoredType;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of a pickle: which numbers of its storage it shows.
 *
 * @param storage where the numbers are
 * @param type of the numbers
 * @param offset of the first number
 * @param shape sizes, none for a scalar
 * @param strides how many numbers further the next one of each dimension is
 */
record PickledTensor(
    PickledStorage storage, StoredType type, long offset, long[] shape, long[] strides) {

  /** Above what any tool writes, and enough to stop a file that claims millions. */
  static final int MOST_DIMENSIONS = 32;

  /** Numbers of the storage, counted in this tensor's type. */
  long storageElements() {
    return storage.bytes() / type.bytes();
  }

  /** Numbers of the storage from the first that it shows to the last; none if it is empty. */
  long span() {
    long span = 1;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == 0) {
        return 0;
      }
      span += (shape[i] - 1) * strides[i];
    }
    return span;
  }

  /**
   * The reason why this tensor is refused, such as a place outside its storage; nothing if it is
   * sound. A tensor that shows one number at several places is refused too, as it could unfold to
   * any size.
   */
  @Nullable String fault() {
    if (shape.length != strides.length) {
      return "has " + shape.length + " sizes and " + strides.length + " strides";
    }
    if (offset < 0) {
      return "begins at " + offset;
    }
    try {
      long elements = 1;
      long last = offset;
      for (int i = 0; i < shape.length; i++) {
        if (shape[i] < 0 || strides[i] < 0) {
          return "has the size " + shape[i] + " and the stride " + strides[i];
        }
        elements = Math.multiplyExact(elements, shape[i]);
        last = Math.addExact(last, Math.multiplyExact(Math.max(0, shape[i] - 1), strides[i]));
      }
      if (elements > 0 && last >= storageElements()) {
        return "reaches number " + last + " of a storage of " + storageElements();
      }
      return elements > storageElements()
          ? "unfolds " + storageElements() + " numbers to " + elements
          : null;
    } catch (ArithmeticException e) {
      return "has sizes whose product overflows";
    }
  }
}
