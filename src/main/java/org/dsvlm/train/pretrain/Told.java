/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import org.bytedeco.pytorch.Tensor;

/** What the denoising network is told about the pictures of a part of the world. */
interface Told extends AutoCloseable {
  /** The states that it attends to, of the pictures {@code rows}: [rows, tokens, width]. */
  Tensor states(long... rows);

  @Override
  void close();
}
