/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import org.dsvlm.io.DsVlmException;

/**
 * The adapter between a feature and the UNet.
 *
 * @param kind shape of the adapter
 * @param queries learned queries of a Q-Former; the others keep the feature's own tokens
 * @param depth layers of a Q-Former
 */
public record AdapterConfig(NamedAdapter kind, int queries, int depth) {
  public AdapterConfig {
    if (queries < 1 || depth < 1) {
      throw new DsVlmException(
          "adapter: queries and depth must be at least 1, not " + queries + " and " + depth);
    }
  }

  /** The default: one matrix and a bias a feature. */
  public static AdapterConfig linear() {
    return new AdapterConfig(StandardAdapter.LINEAR, 64, 2);
  }
}
