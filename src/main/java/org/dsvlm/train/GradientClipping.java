/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
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

  private static final OperatorHandle FOREACH_MUL_BY_NUMBER =
      TensorLists.operator("aten::_foreach_mul_", "Scalar");

  private GradientClipping() {}

  /**
   * Euclidean norms of gradients before clipping.
   *
   * @param all over all gradients
   * @param parts over those of each part, by its name
   */
  public record Norms(double all, Map<String, Double> parts) {}

  /**
   * Clips in place as {@code torch.nn.utils.clip_grad_norm_} does: factor {@code min(1, limit /
   * (norm + 1e-6))}. A limit of 0 leaves the gradients as they are.
   *
   * @return the norm over all gradients before clipping
   */
  public static double clip(Collection<Tensor> gradients, double limit) {
    return clip(Map.of("all", List.copyOf(gradients)), limit).all();
  }

  /**
   * The same for gradients that come in parts; the factor is common to all.
   *
   * @param parts gradients by the name of their part; those of a part may be none
   */
  public static Norms clip(Map<String, List<Tensor>> parts, double limit) {
    List<Tensor> gradients = parts.values().stream().flatMap(List::stream).toList();
    Map<String, Double> byPart = new LinkedHashMap<>();
    if (gradients.isEmpty()) {
      parts.keySet().forEach(name -> byPart.put(name, 0.0));
      return new Norms(0, byPart);
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      IValue list = TensorLists.argument(gradients);
      TensorVector each =
          TensorLists.call(FOREACH_NORM, list, new IValue(Torch.scalar(2)), new IValue())
              .get(0)
              .toTensorVector();
      Tensor norms = torch.stack(each, 0);
      Tensor norm = norms.norm(Torch.scalar(2));
      if (limit > 0) {
        Tensor factor = norm.add(Torch.scalar(1e-6)).reciprocal().mul(Torch.scalar(limit));
        factor.clamp_max_(Torch.scalar(1));
        TensorLists.call(FOREACH_MUL, list, new IValue(factor));
      }
      double[] squares = squares(parts, Torch.doubles(norms));
      int next = 0;
      for (String part : parts.keySet()) {
        byPart.put(part, Math.sqrt(squares[next++]));
      }
      return new Norms(Torch.item(norm), byPart);
    }
  }

  /** Squared norm of each part, given that of each gradient. */
  private static double[] squares(Map<String, List<Tensor>> parts, double[] norms) {
    double[] squares = new double[parts.size()];
    int part = 0;
    int next = 0;
    for (List<Tensor> gradients : parts.values()) {
      for (int i = 0; i < gradients.size(); i++) {
        squares[part] += norms[next] * norms[next];
        next++;
      }
      part++;
    }
    return squares;
  }

  /**
   * The same for gradients of which this process has some.
   *
   * @param together turns the squared norms of this process's parts into those of all
   */
  static Norms clip(
      Map<String, List<Tensor>> parts, double limit, UnaryOperator<double[]> together) {
    List<Tensor> gradients = parts.values().stream().flatMap(List::stream).toList();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      IValue list = TensorLists.argument(gradients);
      double[] each =
          gradients.isEmpty()
              ? new double[0]
              : Torch.doubles(
                  torch.stack(
                      TensorLists.call(
                              FOREACH_NORM, list, new IValue(Torch.scalar(2)), new IValue())
                          .get(0)
                          .toTensorVector(),
                      0));
      double[] squares = together.apply(squares(parts, each));
      double norm = Math.sqrt(Arrays.stream(squares).sum());
      if (limit > 0 && !gradients.isEmpty()) {
        double factor = Math.min(1, limit / (norm + 1e-6));
        TensorLists.call(FOREACH_MUL_BY_NUMBER, list, new IValue(Torch.scalar(factor)));
      }
      Map<String, Double> byPart = new LinkedHashMap<>();
      int next = 0;
      for (String part : parts.keySet()) {
        byPart.put(part, Math.sqrt(squares[next++]));
      }
      return new Norms(norm, byPart);
    }
  }
}
