/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import org.dsvlm.weights.StoredType;
import org.jspecify.annotations.Nullable;

/**
 * A run of numbers that tensors of a pickle are cut from.
 *
 * @param key its name in the file
 * @param type of its numbers; where the tensors say it there is none, and {@code elements} counts
 *     bytes
 * @param elements how many numbers it has
 */
record PickledStorage(String key, @Nullable StoredType type, long elements) {
  long bytes() {
    return type == null ? elements : Math.multiplyExact(elements, type.bytes());
  }
}
