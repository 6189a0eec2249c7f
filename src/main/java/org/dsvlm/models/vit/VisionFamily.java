/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.Arrays;
import java.util.List;

/** The architectures that a vision tower may have, by the {@code model_type} of their files. */
public enum VisionFamily {
  /** CLIP (Radford et al. 2021): a class token comes before the patches. */
  CLIP("clip_vision_model", 32, Activation.QUICK_GELU, 1e-5),

  /** SigLIP (Zhai et al. 2023): patches alone, and a pooling head. */
  SIGLIP("siglip_vision_model", 16, Activation.GELU_TANH, 1e-6);

  private final String modelType;
  private final int patchSize;
  private final Activation activation;
  private final double layerNormEps;

  /** After the name, the values of keys that a file leaves out and that families differ in. */
  VisionFamily(String modelType, int patchSize, Activation activation, double layerNormEps) {
    this.modelType = modelType;
    this.patchSize = patchSize;
    this.activation = activation;
    this.layerNormEps = layerNormEps;
  }

  /** The value of {@code model_type}. */
  public String modelType() {
    return modelType;
  }

  /** Tokens that the tower makes beside those of the patches. */
  public int classTokens() {
    return this == CLIP ? 1 : 0;
  }

  int defaultPatchSize() {
    return patchSize;
  }

  Activation defaultActivation() {
    return activation;
  }

  double defaultLayerNormEps() {
    return layerNormEps;
  }

  /** Every family's {@code model_type}. */
  static List<String> modelTypes() {
    return Arrays.stream(values()).map(VisionFamily::modelType).toList();
  }
}
