/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), the state of every parameter kept
 * under its checkpoint name.
 *
 * <p>The update is LibTorch's fused one. Its Java class {@code AdamW} is not used: it exposes the
 * betas in reversed order and its state is reachable by tensor identity alone. A parameter without
 * a gradient keeps its value and its state, as in PyTorch.
 */
public final class AdamW implements AutoCloseable {
  private static final OperatorHandle FUSED = TensorLists.operator("aten::_fused_adamw_", "");

  private record State(Tensor averages, Tensor squares, Tensor steps) {}

  private final List<ParameterGroup> groups;
  private final double beta1;
  private final double beta2;
  private final double eps;
  private final Map<String, State> states = new LinkedHashMap<>();

  public AdamW(List<ParameterGroup> groups, double beta1, double beta2, double eps) {
    this.groups = List.copyOf(groups);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (ParameterGroup group : groups) {
        group.parameters().forEach((name, parameter) -> states.put(name, start(parameter)));
      }
    }
  }

  private static State start(Tensor parameter) {
    return new State(
        Torch.keep(torch.zeros_like(parameter)),
        Torch.keep(torch.zeros_like(parameter)),
        Torch.keep(
            torch
                .zeros(new long[0], Torch.options(ScalarType.Float))
                .to(parameter.device(), ScalarType.Float)));
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
  Map<String, List<Tensor>> gradientsByPart() {
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
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (ParameterGroup group : groups) {
        update(group, group.learningRate() * factor);
      }
    }
  }

  private void update(ParameterGroup group, double learningRate) {
    List<Tensor> parameters = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    List<Tensor> averages = new ArrayList<>();
    List<Tensor> squares = new ArrayList<>();
    List<Tensor> steps = new ArrayList<>();
    group
        .parameters()
        .forEach(
            (name, parameter) -> {
              Tensor gradient = parameter.grad();
              if (gradient.defined()) {
                State state = states.get(name);
                state.steps().add_(Torch.scalar(1));
                parameters.add(parameter);
                gradients.add(gradient);
                averages.add(state.averages());
                squares.add(state.squares());
                steps.add(state.steps());
              }
            });
    if (parameters.isEmpty()) {
      return;
    }
    TensorLists.call(
        FUSED,
        TensorLists.argument(parameters),
        TensorLists.argument(gradients),
        TensorLists.argument(averages),
        TensorLists.argument(squares),
        TensorLists.argument(List.of()),
        TensorLists.argument(steps),
        new IValue(learningRate),
        new IValue(beta1),
        new IValue(beta2),
        new IValue(group.weightDecay()),
        new IValue(eps),
        new IValue(false),
        new IValue(false),
        new IValue(),
        new IValue());
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
   * The state by name: {@code <parameter>.exp_avg}, {@code .exp_avg_sq} (shape of the parameter)
   * and {@code .step}. The tensors are the live ones: copying into them restores a saved state.
   */
  public Map<String, Tensor> state() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    states.forEach(
        (name, state) -> {
          named.put(name + ".exp_avg", state.averages());
          named.put(name + ".exp_avg_sq", state.squares());
          named.put(name + ".step", state.steps());
        });
    return Collections.unmodifiableMap(named);
  }

  @Override
  public void close() {
    state().values().forEach(Tensor::close);
    states.clear();
  }
}
