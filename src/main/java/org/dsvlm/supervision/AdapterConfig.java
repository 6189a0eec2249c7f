/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;

/**
 * The adapter between a feature and the UNet.
 *
 * @param kind shape of the adapter
 * @param queries learned queries of a Q-Former; the others keep the feature's own tokens
 * @param depth layers of a Q-Former
 */
public record AdapterConfig(AdapterType kind, int queries, int depth) {
  /** One matrix, a two-layer perceptron, or learned queries that read the feature. */
  public enum AdapterType {
    LINEAR,
    MLP,
    QFORMER;

    static AdapterType parse(String name, String where) {
      for (AdapterType kind : values()) {
        if (kind.key().equals(name)) {
          return kind;
        }
      }
      throw new DsVlmException(
          where
              + ": unknown adapter '"
              + name
              + "'; known: "
              + Arrays.stream(values()).map(AdapterType::key).toList());
    }

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public AdapterConfig {
    if (queries < 1 || depth < 1) {
      throw new DsVlmException(
          "adapter: queries and depth must be at least 1, not " + queries + " and " + depth);
    }
  }

  /** The default: one matrix and a bias a feature. */
  public static AdapterConfig linear() {
    return new AdapterConfig(AdapterType.LINEAR, 64, 2);
  }
}
