/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * One step of AdamW (Loshchilov and Hutter 2019) on many parameters in one pass over their memory,
 * by the operator {@code dsvlm::adamw_}:
 *
 * <pre>
 *   g = scale · gradient      m += (1 − β₁)(g − m)      v = β₂ v + (1 − β₂) g²
 *   p = (1 − lr · decay) p − lr / (1 − β₁ᵗ) · m / (√(v / (1 − β₂ᵗ)) + eps)
 * </pre>
 */
public final class AdamWUpdate {
  private static final OperatorCall CALL = new OperatorCall("dsvlm::adamw_");

  private AdamWUpdate() {}

  /** The settings that all parameters of a step share. */
  public record Hyperparameters(
      double learningRate, double beta1, double beta2, double eps, double weightDecay) {}

  /**
   * The tensors that a step reads and writes; every list has an entry for each parameter.
   *
   * @param parameters contiguous, float32, float64 or bfloat16; written
   * @param gradients of the parameter's shape and type, or bfloat16 beside float32; where one is
   *     undefined its parameter stays as it is, and the step does not count for it
   * @param averages of gradients, like their parameters; written
   * @param squares averages of squared gradients, like their parameters; written
   * @param rounded empty, or bfloat16 tensors that are given the new parameters rounded: then the
   *     parameters are float32, the masters of these
   * @param steps float32 [parameters] on the CPU: the steps that each has had; counted up
   */
  public record Tensors(
      List<Tensor> parameters,
      List<Tensor> gradients,
      List<Tensor> averages,
      List<Tensor> squares,
      List<Tensor> rounded,
      Tensor steps) {}

  /**
   * Makes the step, outside of any graph.
   *
   * @param gradientScale a number where the parameters are, by which every gradient counts, as
   *     clipping wants it; 1 without
   * @throws org.dsvlm.io.DsVlmException if lengths, shapes, types or devices do not fit; nothing is
   *     written then
   */
  public static void apply(
      Tensors tensors, @Nullable Tensor gradientScale, Hyperparameters hyperparameters) {
    requireOpen(tensors, gradientScale);
    if (tensors.parameters().isEmpty() || !Kernels.areNativeFor(tensors.parameters().get(0))) {
      reference(tensors, gradientScale, hyperparameters);
      return;
    }
    CALL.perform(
        () ->
            NativeOps.adamw_(
                vector(tensors.parameters()),
                vector(tensors.gradients()),
                vector(tensors.averages()),
                vector(tensors.squares()),
                vector(tensors.rounded()),
                tensors.steps(),
                gradientScale == null ? Torch.none() : new TensorOptional(gradientScale),
                hyperparameters.learningRate(),
                hyperparameters.beta1(),
                hyperparameters.beta2(),
                hyperparameters.eps(),
                hyperparameters.weightDecay()));
  }

  private static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(tensors.toArray(Tensor[]::new));
  }

  /** The same in LibTorch's own operators, parameter after parameter. */
  public static void reference(
      Tensors tensors, @Nullable Tensor gradientScale, Hyperparameters hyperparameters) {
    requireOpen(tensors, gradientScale);
    CALL.perform(
        () -> {
          checkArguments(tensors, gradientScale, hyperparameters);
          try (NoGradGuard guard = new NoGradGuard()) {
            for (int i = 0; i < tensors.parameters().size(); i++) {
              if (tensors.gradients().get(i).defined()) {
                update(tensors, i, gradientScale, hyperparameters);
              }
            }
          }
        });
  }

  private static void update(
      Tensors tensors, int i, @Nullable Tensor gradientScale, Hyperparameters hyperparameters) {
    Tensor parameter = tensors.parameters().get(i);
    Tensor average = tensors.averages().get(i);
    Tensor square = tensors.squares().get(i);
    ScalarType dtype = parameter.scalar_type();
    double step = Torch.item(tensors.steps().select(0, i).add_(Torch.scalar(1)));
    Tensor gradient = tensors.gradients().get(i).to(dtype);
    if (gradientScale != null) {
      gradient = gradient.mul(gradientScale.reshape().to(dtype));
    }
    average.lerp_(gradient, Torch.scalar(1 - hyperparameters.beta1()));
    square.mul_(Torch.scalar(hyperparameters.beta2()));
    square.addcmul_(gradient, gradient, Torch.scalar(1 - hyperparameters.beta2()));
    double correction = Math.sqrt(1 - Math.pow(hyperparameters.beta2(), step));
    Tensor root =
        square.sqrt().div(Torch.scalar(correction)).add(Torch.scalar(hyperparameters.eps()));
    parameter.mul_(
        Torch.scalar(1 - hyperparameters.learningRate() * hyperparameters.weightDecay()));
    double stepSize =
        hyperparameters.learningRate() / (1 - Math.pow(hyperparameters.beta1(), step));
    parameter.addcdiv_(average, root, Torch.scalar(-stepSize));
    if (!tensors.rounded().isEmpty()) {
      tensors.rounded().get(i).copy_(parameter);
    }
  }

  private static void requireOpen(Tensors tensors, @Nullable Tensor gradientScale) {
    CALL.requireOpen("parameters", tensors.parameters());
    CALL.requireOpenOrUndefined("gradients", tensors.gradients());
    CALL.requireOpen("exp_avgs", tensors.averages());
    CALL.requireOpen("exp_avg_sqs", tensors.squares());
    CALL.requireOpen("rounded", tensors.rounded());
    CALL.requireOpen("steps", tensors.steps());
    if (gradientScale != null) {
      CALL.requireOpen("gradient_scale", gradientScale);
    }
  }

  private static void checkArguments(
      Tensors tensors, @Nullable Tensor gradientScale, Hyperparameters hyperparameters) {
    List<Tensor> parameters = tensors.parameters();
    CALL.require(!parameters.isEmpty(), "parameters is empty");
    requireLength("gradients", tensors.gradients(), parameters);
    requireLength("exp_avgs", tensors.averages(), parameters);
    requireLength("exp_avg_sqs", tensors.squares(), parameters);
    if (!tensors.rounded().isEmpty()) {
      requireLength("rounded", tensors.rounded(), parameters);
    }
    Tensor steps = tensors.steps();
    CALL.requireShape("steps", steps, "[parameters]", parameters.size());
    CALL.require(
        steps.scalar_type().intern() == ScalarType.Float
            && steps.device().is_cpu()
            && steps.is_contiguous(),
        "steps must be float32 on the CPU and contiguous, but is "
            + DTypes.name(steps.scalar_type())
            + " on "
            + steps.device().str().getString());
    for (int i = 0; i < parameters.size(); i++) {
      checkParameter(tensors, i);
    }
    if (gradientScale != null) {
      CALL.require(
          gradientScale.numel() == 1 && gradientScale.is_floating_point(),
          "gradient_scale must be one floating-point number, but is "
              + Torch.describe(gradientScale));
      CALL.requireDevice("gradient_scale", gradientScale, "parameters[0]", parameters.get(0));
    }
    requireFraction("beta1", hyperparameters.beta1());
    requireFraction("beta2", hyperparameters.beta2());
    CALL.require(
        hyperparameters.eps() >= 0, "eps must not be negative, but is " + hyperparameters.eps());
  }

  private static void requireLength(String list, List<Tensor> tensors, List<Tensor> parameters) {
    CALL.require(
        tensors.size() == parameters.size(),
        list + " has " + tensors.size() + " entries, but parameters has " + parameters.size());
  }

  private static void requireFraction(String name, double value) {
    CALL.require(
        value >= 0 && value < 1, name + " must be at least 0 and below 1, but is " + value);
  }

  private static void checkParameter(Tensors tensors, int i) {
    Tensor parameter = tensors.parameters().get(i);
    String name = "parameters[" + i + "]";
    CALL.requireFloating(name, parameter);
    CALL.requireDevice(name, parameter, "parameters[0]", tensors.parameters().get(0));
    checkInPlace(name, parameter, name, parameter);
    checkInPlace("exp_avgs[" + i + "]", tensors.averages().get(i), name, parameter);
    requireType("exp_avgs[" + i + "]", tensors.averages().get(i), parameter.scalar_type());
    checkInPlace("exp_avg_sqs[" + i + "]", tensors.squares().get(i), name, parameter);
    requireType("exp_avg_sqs[" + i + "]", tensors.squares().get(i), parameter.scalar_type());
    if (!tensors.rounded().isEmpty()) {
      requireType(name, parameter, ScalarType.Float);
      checkInPlace("rounded[" + i + "]", tensors.rounded().get(i), name, parameter);
      requireType("rounded[" + i + "]", tensors.rounded().get(i), ScalarType.BFloat16);
    }
    Tensor gradient = tensors.gradients().get(i);
    if (gradient.defined()) {
      String what = "gradients[" + i + "]";
      CALL.requireShape(what, gradient, "shaped like its parameter,", Torch.shape(parameter));
      boolean shorter =
          gradient.scalar_type().intern() == ScalarType.BFloat16
              && parameter.scalar_type().intern() == ScalarType.Float;
      if (!shorter) {
        requireType(what, gradient, parameter.scalar_type());
      }
      CALL.requireDevice(what, gradient, name, parameter);
    }
  }

  private static void checkInPlace(
      String what, Tensor tensor, String parameterName, Tensor parameter) {
    CALL.requireShape(what, tensor, "shaped like its parameter,", Torch.shape(parameter));
    CALL.require(tensor.is_contiguous(), what + " must be contiguous: it is written in place");
    CALL.requireDevice(what, tensor, parameterName, parameter);
  }

  private static void requireType(String what, Tensor tensor, ScalarType wanted) {
    CALL.require(
        tensor.scalar_type().intern() == wanted.intern(),
        what + " is " + DTypes.name(tensor.scalar_type()) + ", but must be " + DTypes.name(wanted));
  }
}
