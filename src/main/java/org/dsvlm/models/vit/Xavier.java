/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import org.dsvlm.nn.Init;

/** The start of SigLIP's matrices. */
final class Xavier {
  private Xavier() {}

  /** Uniform in ±√(6 / (in + out)) (Glorot and Bengio 2010). */
  static Init uniform(long in, long out) {
    return Init.uniform(Math.sqrt(6.0 / (in + out)));
  }
}
