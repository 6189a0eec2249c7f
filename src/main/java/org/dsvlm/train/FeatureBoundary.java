/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.NoGradGuard;
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

  /** Gradients of the inputs by loss, null where none has come. */
  private final Map<String, List<@Nullable Tensor>> gradients = new LinkedHashMap<>();

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

  /** Takes the gradients that the backward pass of {@code loss} has left at the features. */
  void take(String loss) {
    List<@Nullable Tensor> own = new ArrayList<>();
    for (Tensor input : inputs) {
      Tensor gradient = input.grad();
      // A handle of its own: that of grad() is empty once the input has none.
      own.add(gradient.defined() ? gradient.detach() : null);
      input.mutable_grad().reset();
    }
    gradients.put(loss, own);
  }

  /**
   * Scales the gradients of {@code loss}, which was taken last, so that their Euclidean norm over
   * all features is {@code ratio} times that of the losses before it together. Without gradients
   * before them, they stay as they are.
   */
  void balance(String loss, double ratio) {
    List<@Nullable Tensor> own = gradients.remove(loss);
    Tensor before = norm(sums());
    Tensor norm = norm(Objects.requireNonNull(own));
    Tensor factor =
        before == null || norm == null
            ? null
            : before.mul(Torch.scalar(ratio)).div(norm.clamp_min(Torch.scalar(Double.MIN_NORMAL)));
    if (factor != null) {
      own.replaceAll(
          gradient -> gradient == null ? null : gradient.mul(factor.to(gradient.scalar_type())));
    }
    gradients.put(loss, own);
  }

  /** Float64 scalar; null without any gradient. */
  private static @Nullable Tensor norm(List<@Nullable Tensor> gradients) {
    List<Tensor> there = gradients.stream().filter(Objects::nonNull).toList();
    return there.isEmpty() ? null : GradientNorms.each(there).norm();
  }

  /** The sum of all losses' gradients at each input, null where none has come. */
  private List<@Nullable Tensor> sums() {
    List<@Nullable Tensor> sums = new ArrayList<>();
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int i = 0; i < inputs.size(); i++) {
        Tensor sum = null;
        for (List<@Nullable Tensor> own : gradients.values()) {
          Tensor gradient = own.get(i);
          if (gradient != null) {
            sum = sum == null ? gradient : sum.add(gradient);
          }
        }
        sums.add(sum);
      }
    }
    return sums;
  }

  /** Takes the sum of all losses' gradients through the encoder. */
  void backward() {
    backward(outputs, sums());
  }

  private static void backward(List<Tensor> outputs, List<@Nullable Tensor> gradients) {
    TensorVector reached = new TensorVector();
    TensorVector given = new TensorVector();
    for (int i = 0; i < outputs.size(); i++) {
      Tensor gradient = gradients.get(i);
      if (gradient != null) {
        reached.push_back(outputs.get(i));
        given.push_back(gradient);
      }
    }
    if (!reached.empty()) {
      torch.backward(reached, given, null, false, null);
    }
  }

  /** Losses whose gradients were taken, in their order. */
  List<String> losses() {
    return List.copyOf(gradients.keySet());
  }

  /** The gradient of {@code loss} at one of the {@link #features}; null if it has none there. */
  @Nullable Tensor gradient(String loss, Tensor feature) {
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i) == feature) {
        return Objects.requireNonNull(gradients.get(loss)).get(i);
      }
    }
    return null;
  }

  /**
   * Takes the gradients of {@code loss} alone through an encoder that has run once more.
   *
   * @param encoded the features of the same pictures, with a graph of their own
   */
  void backward(String loss, Features encoded) {
    List<Tensor> again = new ArrayList<>(encoded.hiddenStates());
    again.add(encoded.imageFeatures());
    again.removeIf(output -> !output.requires_grad());
    backward(again, Objects.requireNonNull(gradients.get(loss)));
  }
}
