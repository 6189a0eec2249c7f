/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import org.bytedeco.pytorch.Tensor;

/**
 * One record as the model takes it. The tensors belong to the scope that they were made in.
 *
 * @param id the record's index in its source, the key of the sample's random draws
 * @param inputIds tokens, one image token for each vector of the picture
 * @param labels as long as {@code inputIds}: the token where an answer is learned, else −100
 * @param pixelValues what the encoder sees, [3, H, W]; null without a picture
 * @param picture what the diffusion reconstructs, [3, S, S] in [−1, 1]; null without a picture
 */
record Sample(long id, long[] inputIds, long[] labels, Tensor pixelValues, Tensor picture) {
  Sample {
    if (inputIds.length != labels.length) {
      throw new IllegalArgumentException(
          inputIds.length + " tokens do not go with " + labels.length + " labels");
    }
  }

  boolean hasPicture() {
    return pixelValues != null;
  }
}
