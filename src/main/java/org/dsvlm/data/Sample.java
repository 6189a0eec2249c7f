/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * One record as the model takes it. The tensors belong to the scope that they were made in.
 *
 * @param id the record's index in its source, the key of the sample's random draws
 * @param inputIds tokens, one image token for each vector of a picture
 * @param labels as long as {@code inputIds}: the token where an answer is learned, else −100
 * @param pixelValues what the encoder sees of each picture, [3, H, W]
 * @param pictures what the diffusion reconstructs of each, [3, S, S] in [−1, 1]
 * @param warnings what the decoders found amiss in the pictures' files
 * @param lostFirst whether the record's first turn was left out, being the assistant's
 */
record Sample(
    long id,
    long[] inputIds,
    long[] labels,
    List<Tensor> pixelValues,
    List<Tensor> pictures,
    List<String> warnings,
    boolean lostFirst) {
  Sample {
    if (inputIds.length != labels.length) {
      throw new IllegalArgumentException(
          inputIds.length + " tokens do not go with " + labels.length + " labels");
    }
  }
}
