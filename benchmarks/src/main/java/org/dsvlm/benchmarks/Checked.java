/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

/** A benchmark whose result can be compared with that of its PyTorch twin. */
public interface Checked {
  /**
   * Numbers that sum up what the benchmark method {@code mode} computes from freshly opened inputs:
   * of each tensor one. The twin draws the same inputs and computes the same numbers. None where
   * the two need not agree.
   */
  double[] check(String mode);
}
