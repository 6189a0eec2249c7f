/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;

/**
 * A language model's output head and its loss as one: the mean cross entropy of {@code hiddenStates
 * · weightᵀ} with the labels. Rows go through in chunks, so that the logits of all tokens, wider
 * than the whole model, are never in memory together; both gradients are made on the way.
 */
public final class LinearCrossEntropy {
  private static final OperatorCall CALL = new OperatorCall("dsvlm::linear_cross_entropy");

  /** LibTorch's number for a mean over the rows. */
  private static final long MEAN = 1;

  /** LibTorch leaves out the rows of one label; this is none. */
  private static final long NO_LABEL = Long.MIN_VALUE;

  private LinearCrossEntropy() {}

  /**
   * Mean over the rows.
   *
   * @param hiddenStates [rows, width]
   * @param weight [classes, width]
   * @param labels int64 [rows], each at least 0 and below the number of classes
   * @return a number; float32 for shorter types, differentiable once in {@code hiddenStates} and
   *     {@code weight}
   * @throws org.dsvlm.io.DsVlmException if shapes, types or devices do not fit, or there is no row
   */
  public static Tensor mean(Tensor hiddenStates, Tensor weight, Tensor labels) {
    return mean(hiddenStates, weight, labels, 0);
  }

  /** As above; {@code chunkRows} rows at a time, or as many as are fast if it is 0. */
  static Tensor mean(Tensor hiddenStates, Tensor weight, Tensor labels, long chunkRows) {
    requireOpen(hiddenStates, weight, labels);
    if (!Kernels.areNativeFor(hiddenStates)) {
      return reference(hiddenStates, weight, labels);
    }
    return CALL.run(() -> NativeOps.linear_cross_entropy(hiddenStates, weight, labels, chunkRows));
  }

  /** The same in LibTorch's own operators, with all logits in memory. */
  public static Tensor reference(Tensor hiddenStates, Tensor weight, Tensor labels) {
    requireOpen(hiddenStates, weight, labels);
    return CALL.run(
        () -> {
          checkArguments(hiddenStates, weight, labels);
          Tensor logits = torch.linear(hiddenStates, weight, Torch.none());
          return torch.cross_entropy_loss(
              OperatorCall.wide(logits), labels, Torch.none(), MEAN, NO_LABEL, 0);
        });
  }

  private static void requireOpen(Tensor hiddenStates, Tensor weight, Tensor labels) {
    CALL.requireOpen("hidden_states", hiddenStates);
    CALL.requireOpen("weight", weight);
    CALL.requireOpen("labels", labels);
  }

  private static void checkArguments(Tensor hiddenStates, Tensor weight, Tensor labels) {
    CALL.require(
        hiddenStates.is_floating_point(),
        "hidden_states must be of a floating-point type, but is "
            + DTypes.name(hiddenStates.scalar_type().intern()));
    CALL.requireShape("hidden_states", hiddenStates, "[rows, width]", -1, -1);
    CALL.requireShape("weight", weight, "[classes, width]", -1, hiddenStates.size(1));
    CALL.requireShape("labels", labels, "[rows]", hiddenStates.size(0));
    CALL.requireLike("weight", weight, "hidden_states", hiddenStates);
    CALL.requireInt64("labels", labels);
    CALL.requireDevice("labels", labels, "hidden_states", hiddenStates);
    CALL.require(labels.numel() > 0, "labels is empty; the mean of no rows is not defined");
    CALL.require(weight.size(0) > 0, "weight has no classes");
  }
}
