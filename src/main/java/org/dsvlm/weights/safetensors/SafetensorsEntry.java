/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import java.util.List;
import org.dsvlm.weights.StoredType;

/**
 * One tensor of a safetensors header.
 *
 * @param type number format
 * @param shape sizes, none for a scalar
 * @param begin first byte, counted from the end of the header
 * @param end byte after the last
 */
record SafetensorsEntry(StoredType type, List<Long> shape, long begin, long end) {
  long bytes() {
    return end - begin;
  }

  long[] sizes() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
