/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.kernels.LinearCrossEntropy;
import org.dsvlm.kernels.LinearProduct;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = x Wᵀ + b}; parameters {@code weight} [out, in] and, if asked for, {@code bias} [out].
 * Each is known to its store by its path, where {@link Lora} finds it.
 */
public final class Linear {
  private final Tensor weight;
  private final @Nullable Tensor bias;

  /** The LoRA layer that adapts it, if one does. */
  private @Nullable LoraLayer lora;

  private Linear(Tensor weight, @Nullable Tensor bias) {
    this.weight = weight;
    this.bias = bias;
  }

  private Linear(Parameters parameters, Tensor weight, @Nullable Tensor bias) {
    this(weight, bias);
    parameters.add(this);
  }

  public static Linear withBias(Parameters parameters, long in, long out) {
    return new Linear(
        parameters,
        parameters.get("weight", Init.FAN_IN, out, in),
        parameters.get("bias", Init.uniform(1 / Math.sqrt(in)), out));
  }

  public static Linear withoutBias(Parameters parameters, long in, long out) {
    return new Linear(parameters, parameters.get("weight", Init.FAN_IN, out, in), null);
  }

  /** As given, for starts other than PyTorch's: language models use a normal of their own width. */
  public static Linear of(Parameters parameters, Init init, long in, long out, boolean bias) {
    return new Linear(
        parameters,
        parameters.get("weight", init, out, in),
        bias ? parameters.get("bias", Init.ZEROS, out) : null);
  }

  /**
   * A layer that uses another module's weight, [out, in], as an output head shares the embedding
   * table. It is not adapted, because merging would change the other module.
   */
  public static Linear sharing(Tensor weight) {
    return new Linear(weight, null);
  }

  /** x: [..., in] in, [..., out] out. */
  public Tensor forward(Tensor x) {
    TensorOptional optional = bias == null ? Torch.none() : new TensorOptional(bias);
    Tensor y = LinearProduct.of(x, weight, optional);
    return lora == null ? y : lora.update(x, y);
  }

  /**
   * Mean cross entropy of this layer's outputs, taken as logits, with {@code labels}.
   *
   * @param x [rows, in]
   * @param labels int64 [rows]
   * @return a number, in float32 at least
   */
  public Tensor crossEntropy(Tensor x, Tensor labels) {
    if (bias == null && lora == null) {
      return LinearCrossEntropy.mean(x, weight, labels);
    }
    Tensor logits = forward(x);
    boolean wide = logits.scalar_type().intern() == ScalarType.Double;
    return torch.cross_entropy_loss(wide ? logits : logits.to(ScalarType.Float), labels);
  }

  void attach(LoraLayer update) {
    if (lora != null) {
      throw new DsVlmException(
          "a linear layer has a LoRA adapter already; merge or close that one first");
    }
    lora = update;
  }

  void detach(LoraLayer update) {
    if (lora == update) {
      lora = null;
    }
  }

  /** Whether an adapter changes its output. */
  public boolean adapted() {
    return lora != null && lora.takesPart();
  }

  /** The bias, [out], if it has one. */
  public @Nullable Tensor bias() {
    return bias;
  }

  /** The weight, [out, in], without the adapter. */
  public Tensor weight() {
    return weight;
  }
}
