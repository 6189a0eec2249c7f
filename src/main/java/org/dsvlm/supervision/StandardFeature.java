/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;

/**
 * The features that a vision-language model offers and recipes name: one expert each, in the order
 * of the router's rows. {@link #TEXT} is what the language model reads (the connector's output);
 * the other three are hidden states of the vision encoder, from shallow to deep.
 */
public enum StandardFeature implements Feature {
  TEXT,
  LOW,
  MID,
  HIGH;

  /** The name in checkpoints, recipes and feature maps: {@code text}, {@code low}, … */
  @Override
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public long width(long textWidth, long imageWidth) {
    return this == TEXT ? textWidth : imageWidth;
  }

  /**
   * The feature of that name.
   *
   * @throws DsVlmException for a name that is none of the four
   */
  public static StandardFeature parse(String key, String where) {
    for (StandardFeature feature : values()) {
      if (feature.key().equals(key)) {
        return feature;
      }
    }
    throw new DsVlmException(
        where
            + ": unknown feature '"
            + key
            + "'; known: "
            + Arrays.stream(values()).map(StandardFeature::key).toList());
  }
}
