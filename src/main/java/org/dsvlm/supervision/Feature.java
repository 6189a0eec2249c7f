/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;

/**
 * The features of a picture that the diffusion model may see: one expert each, in the order of the
 * router's rows. {@link #TEXT} is what the language model reads (the connector's output); the other
 * three are hidden states of the vision encoder, from shallow to deep.
 */
public enum Feature {
  TEXT,
  LOW,
  MID,
  HIGH;

  /** The name in checkpoints, recipes and feature maps: {@code text}, {@code low}, … */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The feature of that name.
   *
   * @throws DsVlmException for a name that is none of the four
   */
  public static Feature parse(String key, String where) {
    for (Feature feature : values()) {
      if (feature.key().equals(key)) {
        return feature;
      }
    }
    throw new DsVlmException(
        where
            + ": unknown feature '"
            + key
            + "'; known: "
            + Arrays.stream(values()).map(Feature::key).toList());
  }
}
