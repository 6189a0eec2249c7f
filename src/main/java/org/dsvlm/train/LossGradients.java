/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.kernels.GradientNorms;
import org.dsvlm.models.llava.Features;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.run.StepMetrics;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of each loss by itself over one step: its norm over the parameters of encoder and
 * connector, {@code grad_norm_<part>_<loss>}, and at the features where the losses meet, {@code
 * grad_norm_feature_<feature>_<loss>}.
 *
 * <p>A step takes the sum of the losses' gradients through the encoder once. For their shares the
 * encoder runs once more for each loss, aside from the step's own gradients.
 */
final class LossGradients implements AutoCloseable {
  private final Map<String, List<Tensor>> parts;
  private final Map<String, Integer> blocks;
  private final List<String> losses;
  private final Map<String, Map<String, List<Tensor>>> sums = new LinkedHashMap<>();
  private final Map<String, Tensor> squares = new LinkedHashMap<>();
  private Map<String, Double> norms = Map.of();
  private double seconds;

  /**
   * A step's.
   *
   * @param parts parameters by the name of their part
   * @param blocks the hidden state that is a feature, by the feature's name
   * @param losses by name: the same in every process, whatever its records are
   */
  LossGradients(Map<String, List<Tensor>> parts, Map<String, Integer> blocks, List<String> losses) {
    this.parts = parts;
    this.blocks = blocks;
    this.losses = losses;
  }

  /**
   * Adds the gradients of a micro batch, all of whose losses have gone back to {@code boundary}.
   *
   * @param encoder encodes the micro batch's pictures once more
   */
  void add(FeatureBoundary boundary, Supplier<Features> encoder, GradientExchange exchange) {
    long start = System.nanoTime();
    for (String loss : boundary.losses()) {
      atFeatures(boundary, loss);
      exchange.aside(() -> atParameters(boundary, loss, encoder));
    }
    seconds += (System.nanoTime() - start) / 1e9;
  }

  private void atFeatures(FeatureBoundary boundary, String loss) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Features features = boundary.features();
      atFeature("text_" + loss, boundary.gradient(loss, features.imageFeatures()));
      blocks.forEach(
          (name, block) ->
              atFeature(
                  name + "_" + loss, boundary.gradient(loss, features.hiddenStates().get(block))));
    }
  }

  private void atFeature(String name, @Nullable Tensor gradient) {
    if (gradient != null) {
      Tensor square = gradient.to(ScalarType.Double).square().sum();
      Tensor before = squares.get(name);
      squares.put(name, Torch.keep(before == null ? square : before.add(square)));
      if (before != null) {
        before.close();
      }
    }
  }

  /** Leaves the gradients at the parameters as they were. */
  private void atParameters(FeatureBoundary boundary, String loss, Supplier<Features> encoder) {
    try (PointerScope scope = new PointerScope()) {
      Map<Tensor, Tensor> own = new LinkedHashMap<>();
      parts.values().stream()
          .flatMap(List::stream)
          .forEach(
              parameter -> {
                Tensor gradient = parameter.grad();
                // A handle of its own: that of grad() is empty once the parameter has none.
                own.put(parameter, gradient.defined() ? gradient.detach() : gradient);
                parameter.mutable_grad().reset();
              });
      try {
        boundary.backward(loss, encoder.get());
        parts.forEach((part, parameters) -> gather(loss, part, parameters));
      } finally {
        own.forEach(
            (parameter, gradient) -> {
              if (gradient.defined()) {
                parameter.mutable_grad().put(gradient);
              } else {
                parameter.mutable_grad().reset();
              }
            });
      }
    }
  }

  private void gather(String loss, String part, List<Tensor> parameters) {
    List<Tensor> sum =
        sums.computeIfAbsent(loss, name -> new LinkedHashMap<>())
            .computeIfAbsent(part, name -> new ArrayList<>());
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int i = 0; i < parameters.size(); i++) {
        Tensor gradient = wide(parameters.get(i));
        if (i == sum.size()) {
          sum.add(Torch.keep(gradient));
        } else {
          sum.get(i).add_(gradient);
        }
      }
    }
  }

  /** The gradient of {@code parameter}, zeros if it has none, in float32 at least: it is summed. */
  private static Tensor wide(Tensor parameter) {
    Tensor gradient = parameter.grad();
    Tensor defined = gradient.defined() ? gradient.detach() : torch.zeros_like(parameter);
    ScalarType dtype = parameter.scalar_type().intern();
    return (dtype == ScalarType.Double ? defined : defined.to(ScalarType.Float)).contiguous();
  }

  /** At the step's end: the norms over all processes, which all call this. */
  void finish(GradientExchange exchange) {
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Map<String, Double> read = new LinkedHashMap<>();
      for (String loss : losses) {
        parts.forEach(
            (part, parameters) -> {
              List<Tensor> sum = sum(loss, part, parameters);
              exchange.sum(sum);
              double norm = Torch.item(GradientNorms.each(sum).norm());
              read.put(StepMetrics.GRADIENT_NORM + "_" + part + "_" + loss, norm);
            });
      }
      List<String> names = featureNames();
      double[] all =
          exchange.sum(
              names.stream()
                  .map(squares::get)
                  .mapToDouble(square -> square == null ? 0 : Torch.item(square))
                  .toArray());
      for (int i = 0; i < all.length; i++) {
        // A loss that does not read a feature has no gradient there.
        if (all[i] != 0) {
          read.put(StepMetrics.GRADIENT_NORM + "_feature_" + names.get(i), Math.sqrt(all[i]));
        }
      }
      norms = read;
    }
    seconds += (System.nanoTime() - start) / 1e9;
  }

  /** The sum over this process's micro batches: zeros if none of them has a picture. */
  private List<Tensor> sum(String loss, String part, List<Tensor> parameters) {
    List<Tensor> sum = sums.getOrDefault(loss, Map.of()).get(part);
    return sum != null ? sum : parameters.stream().map(torch::zeros_like).toList();
  }

  private List<String> featureNames() {
    List<String> names = new ArrayList<>();
    for (String loss : losses) {
      names.add("text_" + loss);
      blocks.keySet().forEach(block -> names.add(block + "_" + loss));
    }
    return names;
  }

  /** By key of metrics.jsonl, once the step is finished. */
  Map<String, Double> norms() {
    return norms;
  }

  /** Time that they took. */
  double seconds() {
    return seconds;
  }

  @Override
  public void close() {
    sums.values().forEach(ofLoss -> ofLoss.values().forEach(all -> all.forEach(Tensor::close)));
    squares.values().forEach(Tensor::close);
  }
}
