/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

/**
 * A run of numbers that tensors of a pickle are cut from.
 *
 * @param key its name in the file
 * @param type of its numbers; null if the tensors say it and {@code elements} counts bytes
 * @param elements how many numbers it has
 */
record PickledStorage(String key, SafetensorsType type, long elements) {
  long bytes() {
    return type == null ? elements : Math.multiplyExact(elements, type.bytes());
  }
}
