/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn.cost;

import java.util.Locale;

/**
 * The parts of a training run, by the names that metrics, plans, {@code inspect} and the
 * optimizer's groups use.
 */
public enum Part {
  VISION_ENCODER,
  CONNECTOR,
  LANGUAGE_MODEL,
  LORA,
  /** The parameters that supervision adds: adapters, experts and routers. */
  SUPERVISION,
  UNET,
  VAE,
  PERCEPTUAL,
  OPTIMIZER;

  /** Its name in reports. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
