/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.Collection;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/** Scales gradients so that their common Euclidean norm does not pass a limit. */
public final class GradientClipping {
  private static final OperatorHandle FOREACH_NORM =
      TensorLists.operator("aten::_foreach_norm", "Scalar");
  private static final OperatorHandle FOREACH_MUL =
      TensorLists.operator("aten::_foreach_mul_", "Tensor");

  private GradientClipping() {}

  /**
   * Clips in place as {@code torch.nn.utils.clip_grad_norm_} does: factor {@code min(1, limit /
   * (norm + 1e-6))}. A limit of 0 leaves the gradients as they are.
   *
   * @return the norm over all gradients before clipping
   */
  public static double clip(Collection<Tensor> gradients, double limit) {
    if (gradients.isEmpty()) {
      return 0;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      IValue list = TensorLists.argument(gradients);
      TensorVector norms =
          TensorLists.call(FOREACH_NORM, list, new IValue(Torch.scalar(2)), new IValue())
              .get(0)
              .toTensorVector();
      Tensor norm = torch.stack(norms, 0).norm(Torch.scalar(2));
      if (limit > 0) {
        Tensor factor = norm.add(Torch.scalar(1e-6)).reciprocal().mul(Torch.scalar(limit));
        factor.clamp_max_(Torch.scalar(1));
        TensorLists.call(FOREACH_MUL, list, new IValue(factor));
      }
      return Torch.item(norm);
    }
  }
}
