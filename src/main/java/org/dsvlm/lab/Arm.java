/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import java.util.List;

/**
 * One row of a comparison.
 *
 * @param name its name in the table
 * @param overrides what it changes of the comparison's recipe, {@code key=value} each
 */
record Arm(String name, List<String> overrides) {
  Arm {
    overrides = List.copyOf(overrides);
  }
}
