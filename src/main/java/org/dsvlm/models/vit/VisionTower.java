/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A vision encoder that turns a picture into one vector a patch. With <i>T</i> patches, <i>L</i>
 * layers and width <i>W</i>:
 */
public interface VisionTower {
  /** The sizes it was built with. */
  VisionConfig config();

  /**
   * All hidden states: what enters the first layer, then each layer's output, none of them passed
   * through the final normalisation.
   *
   * @param pixelValues [pictures, channels, height, width], normalised, in any floating type
   * @return <i>L</i> + 1 tensors [pictures, tokens, <i>W</i>] in the tower's type; tokens is
   *     <i>T</i>, or 1 + <i>T</i> where a class token comes first
   * @throws org.dsvlm.io.DsVlmException if the pictures have another size than the tower's
   */
  List<Tensor> hiddenStates(Tensor pixelValues);

  /**
   * The first 1 + {@code layers} of the {@link #hiddenStates(Tensor) hidden states}. A tower may
   * leave the other layers out.
   */
  default List<Tensor> hiddenStates(Tensor pixelValues, int layers) {
    return hiddenStates(pixelValues).subList(0, 1 + layers);
  }

  /**
   * The family's own output, from the last of the {@link #hiddenStates}: that state itself, or the
   * state after a final normalisation. Of the same shape.
   */
  default Tensor output(Tensor lastHiddenState) {
    return lastHiddenState;
  }

  /** Of a hidden state [pictures, tokens, W] the patches alone, [pictures, T, W]. */
  Tensor patches(Tensor hiddenState);

  /**
   * Sets whether training keeps only each layer's input and runs the layer again in the backward
   * pass. Gradients are the same but for the order of sums.
   */
  void setCheckpointing(boolean recompute);
}
