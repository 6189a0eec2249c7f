/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Locale;
import java.util.regex.Pattern;
import org.dsvlm.io.DsVlmException;

/**
 * A feature of the caller's own encoder; {@link SupervisionConfigBuilder#feature(String, long)}
 * makes it.
 *
 * @param key its name: letters, digits, {@code _} and {@code -}
 * @param width of its tokens
 */
record OwnFeature(String key, long width) implements Feature {
  /** A dot would open another level of names in the weight file. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

  OwnFeature {
    if (!NAME.matcher(key).matches()) {
      throw new DsVlmException(
          "supervision: feature name '" + key + "' has to be of letters, digits, _ and - alone");
    }
    for (StandardFeature standard : StandardFeature.values()) {
      if (standard.key().equals(key.toLowerCase(Locale.ROOT))) {
        throw new DsVlmException(
            "supervision: feature '"
                + key
                + "' has the name of a vision-language model's own feature, whose width the model"
                + " gives; take another name, or StandardFeature."
                + standard);
      }
    }
    if (width < 1) {
      throw new DsVlmException(
          "supervision: feature '" + key + "' has to have a width above 0, not " + width);
    }
  }

  @Override
  public long width(long textWidth, long imageWidth) {
    return width;
  }
}
