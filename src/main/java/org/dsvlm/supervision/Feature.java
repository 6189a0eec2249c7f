/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

/**
 * A feature of a picture that the diffusion model sees through an adapter and an expert of its own:
 * one of the four that a vision-language model's recipe can name, or one of the caller's.
 */
public sealed interface Feature permits StandardFeature, OwnFeature {
  /** The name in weight files, feature maps and messages. */
  String key();

  /**
   * Width of its tokens.
   *
   * @param textWidth width of the connector's output
   * @param imageWidth width of the vision encoder's hidden states
   */
  long width(long textWidth, long imageWidth);
}
