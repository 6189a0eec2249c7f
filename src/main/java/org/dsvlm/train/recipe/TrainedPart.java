/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import java.util.Locale;

/** The parts whose rates a recipe can set by stage. */
public enum TrainedPart {
  CONNECTOR,
  /** The vision encoder. */
  VISION,
  /** The whole language model. */
  LANGUAGE,
  /** Low-rank adapters of the language model. */
  LORA,
  /** Between a feature and the diffusion model. */
  ADAPTERS,
  /** Keys and values of the image features in the diffusion model. */
  EXPERTS,
  ROUTERS,
  /** The diffusion model's own weights. */
  UNET;

  /** Its key in a recipe. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether only the supervision's loss teaches it. */
  boolean supervised() {
    return this == ADAPTERS || this == EXPERTS || this == ROUTERS || this == UNET;
  }
}
