/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.dsvlm.io.JsonConfig;

/** The quantity that the network predicts. */
public enum Prediction {
  /** The noise ε. */
  EPSILON,

  /** The velocity √ᾱ ε − √(1−ᾱ) x₀ (Salimans and Ho 2022). */
  V_PREDICTION;

  static Prediction of(JsonConfig config) {
    return DiffusersConfig.oneOf(config, "prediction_type", values(), "epsilon");
  }
}
