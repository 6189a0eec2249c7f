/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.dsvlm.kernels.Implementation.normal;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The equations, and what is refused; {@link RandomShapesTest} compares native code with the
 * reference.
 */
@ExtendWith(TensorScope.class)
class AdamWUpdateTest {
  private static final AdamWUpdate.Hyperparameters SETTINGS =
      new AdamWUpdate.Hyperparameters(0.1, 0.9, 0.99, 1e-3, 0.01);

  private static Tensor number(double value) {
    return Torch.of(new double[] {value}, 1);
  }

  /** One parameter of each given, before its first step. */
  private static AdamWUpdate.Tensors start(List<Tensor> parameters, List<Tensor> gradients) {
    List<Tensor> averages = new ArrayList<>();
    List<Tensor> squares = new ArrayList<>();
    parameters.forEach(p -> averages.add(torch.zeros_like(p)));
    parameters.forEach(p -> squares.add(torch.zeros_like(p)));
    Tensor steps = Torch.of(new float[parameters.size()], parameters.size());
    return new AdamWUpdate.Tensors(parameters, gradients, averages, squares, List.of(), steps);
  }

  @ParameterizedTest
  @EnumSource
  void equalsTheEquationsByHand(Implementation implementation) {
    implementation.assume();
    double p = 2;
    double m = 0;
    double v = 0;
    AdamWUpdate.Tensors tensors = start(List.of(number(p)), List.of(number(-0.5)));
    for (int step = 1; step <= 3; step++) {
      double g = 0.25 * -0.5;
      m = 0.9 * m + 0.1 * g;
      v = 0.99 * v + 0.01 * g * g;
      double root = Math.sqrt(v / (1 - Math.pow(0.99, step)));
      p = p * (1 - 0.1 * 0.01) - 0.1 * m / (1 - Math.pow(0.9, step)) / (root + 1e-3);
      implementation.adamW(tensors, number(0.25).squeeze(0), SETTINGS);
      assertThat(Torch.doubles(tensors.parameters().get(0))[0]).isCloseTo(p, within(1e-14));
    }
    assertThat(Torch.doubles(tensors.averages().get(0))[0]).isCloseTo(m, within(1e-15));
    assertThat(Torch.doubles(tensors.squares().get(0))[0]).isCloseTo(v, within(1e-15));
    assertThat(Torch.floats(tensors.steps())).containsExactly(3);
  }

  @ParameterizedTest
  @EnumSource
  void aParameterWithoutGradientIsLeftAloneAndNotCounted(Implementation implementation) {
    implementation.assume();
    AdamWUpdate.Tensors tensors =
        start(List.of(number(1), number(1)), List.of(new Tensor(), number(1)));
    implementation.adamW(tensors, null, SETTINGS);
    assertThat(Torch.doubles(tensors.parameters().get(0))).containsExactly(1);
    assertThat(Torch.doubles(tensors.parameters().get(1))[0]).isLessThan(1);
    assertThat(Torch.floats(tensors.steps())).containsExactly(0, 1);
  }

  /** At 1 the next smaller bfloat16 is 1/256 away. */
  @ParameterizedTest
  @EnumSource
  void aMasterKeepsWhatTheParameterRoundsAway(Implementation implementation) {
    implementation.assume();
    Tensor master = Torch.of(new float[] {1}, 1);
    Tensor parameter = master.to(ScalarType.BFloat16);
    AdamWUpdate.Tensors tensors =
        new AdamWUpdate.Tensors(
            List.of(master),
            List.of(Torch.of(new float[] {1}, 1).to(ScalarType.BFloat16)),
            List.of(torch.zeros_like(master)),
            List.of(torch.zeros_like(master)),
            List.of(parameter),
            Torch.of(new float[1], 1));
    AdamWUpdate.Hyperparameters slow = new AdamWUpdate.Hyperparameters(1e-3, 0.9, 0.99, 0, 0);
    implementation.adamW(tensors, null, slow);
    assertThat(Torch.doubles(parameter)).containsExactly(1);
    for (int step = 2; step <= 4; step++) {
      implementation.adamW(tensors, null, slow);
    }
    assertThat(Torch.doubles(master)[0]).isCloseTo(0.996, within(1e-6));
    assertThat(Torch.doubles(parameter)).containsExactly(0.99609375);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "AdamW with a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be; nothing is written")
  void refusesWhatDoesNotFitAndWritesNothing(Implementation implementation) {
    implementation.assume();
    Tensor p = normal(1, ScalarType.Float, 4, 3);
    Tensor g = normal(2, ScalarType.Float, 4, 3);
    Tensor whole = torch.ones_like(p);
    Tensor elsewhere = g.to(new Device("meta"), ScalarType.Float, false, false, null);
    Tensor closed = g.clone();
    closed.close();
    double[] before = Torch.doubles(p);
    refuses(implementation, start(List.of(p), List.of()), null, "gradients has 0 entries");
    refuses(implementation, start(List.of(), List.of()), null, "parameters is empty");
    refuses(implementation, start(List.of(p), List.of(g.t())), null, "gradients[0] must be shaped");
    refuses(
        implementation,
        start(List.of(p), List.of(g.to(ScalarType.Double))),
        null,
        "gradients[0] is float64, but must be float32");
    refuses(implementation, start(List.of(p), List.of(elsewhere)), null, "gradients[0] is on meta");
    refuses(implementation, start(List.of(p), List.of(closed)), null, "gradients[0] is null or");
    refuses(
        implementation,
        start(List.of(p.to(ScalarType.Int)), List.of(g)),
        null,
        "parameters[0] must be float32, float64 or bfloat16");
    refuses(
        implementation,
        start(List.of(p.t()), List.of(g.t())),
        null,
        "parameters[0] must be contiguous");
    AdamWUpdate.Tensors good = start(List.of(p), List.of(g));
    refuses(implementation, good, whole, "gradient_scale must be one floating-point number");
    refuses(
        implementation,
        new AdamWUpdate.Tensors(
            good.parameters(),
            good.gradients(),
            List.of(whole.to(ScalarType.BFloat16)),
            good.squares(),
            List.of(),
            good.steps()),
        null,
        "exp_avgs[0] is bfloat16, but must be float32");
    refuses(
        implementation,
        new AdamWUpdate.Tensors(
            good.parameters(),
            good.gradients(),
            good.averages(),
            good.squares(),
            List.of(whole),
            good.steps()),
        null,
        "rounded[0] is float32, but must be bfloat16");
    refuses(
        implementation,
        new AdamWUpdate.Tensors(
            good.parameters(),
            good.gradients(),
            good.averages(),
            good.squares(),
            List.of(),
            good.steps().to(ScalarType.Double)),
        null,
        "steps must be float32 on the CPU");
    assertThatThrownBy(
            () ->
                implementation.adamW(
                    good, null, new AdamWUpdate.Hyperparameters(0.1, 1, 0.9, 1e-8, 0)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("beta1 must be at least 0 and below 1, but is 1");
    assertThat(Torch.doubles(p)).containsExactly(before);
    assertThat(Torch.floats(good.steps())).containsExactly(0);
  }

  private static void refuses(
      Implementation implementation, AdamWUpdate.Tensors tensors, Tensor scale, String part) {
    assertThatThrownBy(() -> implementation.adamW(tensors, scale, SETTINGS))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::adamw_: ")
        .hasMessageContaining(part);
  }
}
