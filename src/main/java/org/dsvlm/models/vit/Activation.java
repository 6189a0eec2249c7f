/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.tensor.Torch;

/**
 * The non-linearities that vision towers are published with, by their name in {@code hidden_act}.
 */
public enum Activation {
  /** {@code x · sigmoid(1.702 x)}, OpenAI's approximation of GELU. */
  QUICK_GELU("quick_gelu"),
  /** {@code x · Φ(x)} with the exact error function (Hendrycks and Gimpel 2016). */
  GELU("gelu"),
  /** GELU by the hyperbolic tangent. */
  GELU_TANH("gelu_pytorch_tanh");

  private final String key;

  Activation(String key) {
    this.key = key;
  }

  /** The name in {@code hidden_act}. */
  public String key() {
    return key;
  }

  /** The one that {@code config} names in {@code hidden_act}; {@code absent} without that key. */
  static Activation parse(JsonConfig config, Activation absent) {
    String name = config.text("hidden_act", absent.key);
    return Arrays.stream(values())
        .filter(activation -> activation.key.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                config.error(
                    "hidden_act",
                    "is \"" + name + "\"; supported are quick_gelu, gelu and gelu_pytorch_tanh"));
  }

  /** x: any shape in, the same out. */
  Tensor forward(Tensor x) {
    return switch (this) {
      case QUICK_GELU -> x.mul(x.mul(Torch.scalar(1.702)).sigmoid());
      case GELU -> torch.gelu(x);
      case GELU_TANH -> torch.gelu(x, "tanh");
    };
  }
}
