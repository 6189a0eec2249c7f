/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import org.bytedeco.pytorch.Tensor;

/** Brings one feature to the width that the UNet's cross-attention reads. */
public interface Adapter {
  /** feature: [pictures, tokens, feature width] in, [pictures, tokens', cross width] out. */
  Tensor forward(Tensor feature);
}
