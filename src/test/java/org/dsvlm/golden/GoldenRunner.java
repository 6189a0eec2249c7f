/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

/** Computes what the cases of one kind describe and compares. */
interface GoldenRunner {
  /**
   * Runs {@code golden} in a scope that the caller closes. Every tensor of io.safetensors that is
   * not an input must be handed to {@link GoldenCase#expect}.
   */
  void run(GoldenCase golden) throws Exception;

  /** Whether the stored tensor is read rather than compared. */
  boolean isInput(String name);
}
