/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Euclidean norms of many tensors in one pass over their memory, by the operator {@code
 * dsvlm::gradient_norms}. The host does not wait for them: they stay on the device.
 */
public final class GradientNorms {
  private static final OperatorCall CALL = new OperatorCall("dsvlm::gradient_norms");

  private GradientNorms() {}

  /**
   * Norm of each tensor, its squares added in float64.
   *
   * @param gradients float32, float64 or bfloat16, of any shapes, on one device; an undefined one
   *     has the norm 0
   * @return float64 [gradients] on that device, recorded by no graph
   * @throws org.dsvlm.io.DsVlmException for another type or several devices
   */
  public static Tensor each(List<Tensor> gradients) {
    CALL.requireOpenOrUndefined("gradients", gradients);
    Tensor first = gradients.stream().filter(Tensor::defined).findFirst().orElse(null);
    if (first == null || !Kernels.areNativeFor(first)) {
      return reference(gradients);
    }
    return CALL.run(
        () -> NativeOps.gradient_norms(new TensorVector(gradients.toArray(Tensor[]::new))));
  }

  /** The same in LibTorch's own operators, tensor after tensor. */
  public static Tensor reference(List<Tensor> gradients) {
    CALL.requireOpenOrUndefined("gradients", gradients);
    return CALL.run(
        () -> {
          Tensor zero = torch.zeros(new long[0], Torch.options(ScalarType.Double));
          Tensor first = checkArguments(gradients);
          if (first != null) {
            zero = zero.to(first.device(), ScalarType.Double);
          }
          Tensor none = zero;
          try (NoGradGuard guard = new NoGradGuard()) {
            return gradients.isEmpty()
                ? zero.new_zeros(0)
                : Torch.stack(
                    0,
                    gradients.stream()
                        .map(g -> g.defined() ? g.to(ScalarType.Double).norm(new Scalar(2)) : none)
                        .toArray(Tensor[]::new));
          }
        });
  }

  /** The first tensor that is defined, if there is any. */
  private static @Nullable Tensor checkArguments(List<Tensor> gradients) {
    Tensor first = null;
    String firstName = "";
    for (int i = 0; i < gradients.size(); i++) {
      Tensor gradient = gradients.get(i);
      if (!gradient.defined()) {
        continue;
      }
      String name = "gradients[" + i + "]";
      CALL.requireFloating(name, gradient);
      if (first == null) {
        first = gradient;
        firstName = name;
      }
      CALL.requireDevice(name, gradient, firstName, first);
    }
    return first;
  }
}
