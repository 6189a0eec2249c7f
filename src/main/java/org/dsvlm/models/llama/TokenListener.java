/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

/** Hears of each token as soon as it is made. */
@FunctionalInterface
public interface TokenListener {
  /** Hears nothing. */
  TokenListener NONE = (record, id) -> {};

  /**
   * A new token, the one that ends an answer included.
   *
   * @param record number of the prompt in the batch
   */
  void onToken(int record, long id);
}
