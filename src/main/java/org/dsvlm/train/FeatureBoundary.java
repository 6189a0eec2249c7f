/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.kernels.GradientNorms;
import org.dsvlm.models.llava.Features;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The boundary between the losses' graphs and the encoder's. Each loss goes backward to the
 * features and frees its activations before the next one runs, so the language model's and the
 * diffusion model's are never in memory together. The sum of the features' gradients then goes once
 * through connector and encoder.
 */
final class FeatureBoundary {
  private final Features leaves;
  private final List<Tensor> outputs = new ArrayList<>();
  private final List<Tensor> inputs = new ArrayList<>();

  /** Gradients of the inputs that were set aside, null where none has come. */
  private List<@Nullable Tensor> aside = new ArrayList<>();

  /** A boundary behind {@code encoded}, the encoder's features with their graph. */
  FeatureBoundary(Features encoded) {
    leaves =
        new Features(
            encoded.hiddenStates().stream().map(this::cut).toList(), cut(encoded.imageFeatures()));
  }

  private Tensor cut(Tensor output) {
    Tensor input = output.detach();
    if (output.requires_grad()) {
      input.requires_grad_(true);
      outputs.add(output);
      inputs.add(input);
    }
    return input;
  }

  /** The same features without the encoder's graph; gradients gather at them. */
  Features features() {
    return leaves;
  }

  /** {@code features} through which no gradient passes. */
  static Features detached(Features features) {
    return new Features(
        features.hiddenStates().stream().map(Tensor::detach).toList(),
        features.imageFeatures().detach());
  }

  /** Sets the gradients that have gathered so far aside, for {@link #balance}. */
  void setAside() {
    aside = taken();
  }

  /**
   * Adds the gradients that have gathered since {@link #setAside} to those set aside, scaled so
   * that their Euclidean norm over all features is {@code ratio} times that of the latter. Without
   * gradients set aside, they are added as they are.
   */
  void balance(double ratio) {
    List<@Nullable Tensor> since = taken();
    Tensor before = norm(aside);
    Tensor own = norm(since);
    Tensor factor =
        before == null || own == null
            ? null
            : before.mul(Torch.scalar(ratio)).div(own.clamp_min(Torch.scalar(Double.MIN_NORMAL)));
    for (int i = 0; i < inputs.size(); i++) {
      Tensor gradient = since.get(i);
      if (gradient != null) {
        Tensor scaled = factor == null ? gradient : gradient.mul(factor.to(gradient.scalar_type()));
        aside.set(i, sum(aside.get(i), scaled));
      }
    }
  }

  /** The gradients at the inputs, null where none has come; the inputs have none then. */
  private List<@Nullable Tensor> taken() {
    List<@Nullable Tensor> gradients = new ArrayList<>();
    for (Tensor input : inputs) {
      gradients.add(gradient(input));
      input.mutable_grad().reset();
    }
    return gradients;
  }

  private static @Nullable Tensor gradient(Tensor input) {
    Tensor gradient = input.grad();
    // A handle of its own: that of grad() is empty once the input has none.
    return gradient.defined() ? gradient.detach() : null;
  }

  /** Float64 scalar; null without any gradient. */
  private static @Nullable Tensor norm(List<@Nullable Tensor> gradients) {
    List<Tensor> there = gradients.stream().filter(Objects::nonNull).toList();
    return there.isEmpty() ? null : GradientNorms.each(there).norm();
  }

  private static @Nullable Tensor sum(@Nullable Tensor a, @Nullable Tensor b) {
    return a == null ? b : b == null ? a : a.add(b);
  }

  /** Takes the gathered gradients through the encoder. */
  void backward() {
    TensorVector reached = new TensorVector();
    TensorVector gradients = new TensorVector();
    for (int i = 0; i < inputs.size(); i++) {
      Tensor gradient = sum(aside.isEmpty() ? null : aside.get(i), gradient(inputs.get(i)));
      if (gradient != null) {
        reached.push_back(outputs.get(i));
        gradients.push_back(gradient);
      }
    }
    if (!reached.empty()) {
      torch.backward(reached, gradients, null, false, null);
    }
  }
}
