/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.optim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.OpenState;
import org.dsvlm.kernels.AdamWUpdate;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), the state of every parameter kept
 * under its checkpoint name. A parameter without a gradient keeps its value and its state, as in
 * PyTorch.
 *
 * <p>With master weights every parameter of 16 bits has a copy of 32 bits, in which the updates add
 * up: rounding would lose an update that is small beside its parameter. The model computes with the
 * copy rounded. Moments have the type of what is updated.
 */
public final class AdamW implements AutoCloseable {
  private final List<ParameterGroup> groups;
  private final List<Bundle> bundles = new ArrayList<>();
  private final double beta1;
  private final double beta2;
  private final double eps;
  private final OpenState open = new OpenState("the optimizer");

  /** Without master weights. */
  public AdamW(List<ParameterGroup> groups, double beta1, double beta2, double eps) {
    this(groups, beta1, beta2, eps, false);
  }

  /**
   * An optimizer before its first step.
   *
   * @param masterWeights whether parameters of 16 bits get masters of 32
   */
  public AdamW(
      List<ParameterGroup> groups, double beta1, double beta2, double eps, boolean masterWeights) {
    this.groups = List.copyOf(groups);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    for (ParameterGroup group : groups) {
      Map<String, Tensor> plain = new LinkedHashMap<>();
      Map<String, Tensor> mastered = new LinkedHashMap<>();
      group
          .parameters()
          .forEach(
              (name, parameter) ->
                  (masterWeights && isShort(parameter) ? mastered : plain).put(name, parameter));
      if (!plain.isEmpty()) {
        bundles.add(new Bundle(group, plain, false));
      }
      if (!mastered.isEmpty()) {
        bundles.add(new Bundle(group, mastered, true));
      }
    }
  }

  private static boolean isShort(Tensor parameter) {
    return parameter.scalar_type().intern() == ScalarType.BFloat16;
  }

  /** Parameters of a group that are updated in one call, with their state. */
  private static final class Bundle implements AutoCloseable {
    private final ParameterGroup group;
    private final List<String> names;
    private final List<Tensor> parameters;

    /** The tensors that are updated: the parameters, or their masters. */
    private final List<Tensor> updated;

    private final List<Tensor> averages = new ArrayList<>();
    private final List<Tensor> squares = new ArrayList<>();

    /**
     * The number of steps of each parameter, float32 [parameters]; {@code stepOf} are its elements.
     */
    private final Tensor steps;

    private final List<Tensor> stepOf = new ArrayList<>();

    Bundle(ParameterGroup group, Map<String, Tensor> parameters, boolean masters) {
      this.group = group;
      this.names = List.copyOf(parameters.keySet());
      this.parameters = List.copyOf(parameters.values());
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        this.updated =
            masters
                ? this.parameters.stream().map(p -> Torch.keep(p.to(ScalarType.Float))).toList()
                : this.parameters;
        long[] count = {names.size()};
        steps = Torch.keep(torch.zeros(count, Torch.options(ScalarType.Float)));
        for (int i = 0; i < updated.size(); i++) {
          averages.add(Torch.keep(torch.zeros_like(updated.get(i))));
          squares.add(Torch.keep(torch.zeros_like(updated.get(i))));
          stepOf.add(Torch.keep(steps.select(0, i)));
        }
      }
    }

    private boolean hasMasters() {
      return updated != parameters;
    }

    void update(@Nullable Tensor gradientScale, AdamWUpdate.Hyperparameters settings) {
      List<Tensor> gradients = parameters.stream().map(this::gradient).toList();
      List<Tensor> rounded = hasMasters() ? parameters : List.of();
      AdamWUpdate.apply(
          new AdamWUpdate.Tensors(updated, gradients, averages, squares, rounded, steps),
          gradientScale,
          settings);
    }

    /** Gradients add up in float32; without a master the update is in the parameter's type. */
    private Tensor gradient(Tensor parameter) {
      Tensor gradient = parameter.grad();
      return hasMasters() || !gradient.defined() ? gradient : gradient.to(parameter.scalar_type());
    }

    void addState(Map<String, Tensor> named) {
      for (int i = 0; i < names.size(); i++) {
        String name = names.get(i);
        named.put(name + ".exp_avg", averages.get(i));
        named.put(name + ".exp_avg_sq", squares.get(i));
        named.put(name + ".step", stepOf.get(i));
        if (hasMasters()) {
          named.put(name + ".master", updated.get(i));
        }
      }
    }

    @Override
    public void close() {
      averages.forEach(Tensor::close);
      squares.forEach(Tensor::close);
      stepOf.forEach(Tensor::close);
      steps.close();
      if (hasMasters()) {
        updated.forEach(Tensor::close);
      }
    }
  }

  /** The groups in the order given. */
  public List<ParameterGroup> groups() {
    return groups;
  }

  /** Gradients that the backward pass left, group by group. */
  public List<Tensor> gradients() {
    return gradientsByPart().values().stream().flatMap(List::stream).toList();
  }

  /** The same by the groups' names; groups of one name count as one part. */
  public Map<String, List<Tensor>> gradientsByPart() {
    Map<String, List<Tensor>> parts = new LinkedHashMap<>();
    for (ParameterGroup group : groups) {
      List<Tensor> part = parts.computeIfAbsent(group.name(), name -> new ArrayList<>());
      for (Tensor parameter : group.parameters().values()) {
        if (parameter.grad().defined()) {
          part.add(parameter.grad());
        }
      }
    }
    return parts;
  }

  /** Updates every parameter that has a gradient, each group at its rate times {@code factor}. */
  public void step(double factor) {
    step(factor, null);
  }

  /**
   * As above.
   *
   * @param gradientScale a number where the parameters are, by which every gradient counts; null
   *     for 1
   */
  public void step(double factor, @Nullable Tensor gradientScale) {
    open.require();
    try (PointerScope scope = new PointerScope()) {
      for (Bundle bundle : bundles) {
        double rate = bundle.group.learningRate() * factor;
        bundle.update(
            gradientScale,
            new AdamWUpdate.Hyperparameters(rate, beta1, beta2, eps, bundle.group.weightDecay()));
      }
    }
  }

  /** Drops all gradients. */
  public void zeroGradients() {
    for (ParameterGroup group : groups) {
      for (Tensor parameter : group.parameters().values()) {
        parameter.mutable_grad().reset();
      }
    }
  }

  /**
   * The state by name: {@code <parameter>.exp_avg}, {@code .exp_avg_sq} (shape of the parameter),
   * {@code .step} and, of one that has a master, {@code .master}. The tensors are the live ones:
   * copying into them restores a saved state.
   */
  public Map<String, Tensor> state() {
    open.require();
    Map<String, Tensor> named = new LinkedHashMap<>();
    bundles.forEach(bundle -> bundle.addState(named));
    return Collections.unmodifiableMap(named);
  }

  @Override
  public void close() {
    open.close();
    bundles.forEach(Bundle::close);
    bundles.clear();
  }
}
