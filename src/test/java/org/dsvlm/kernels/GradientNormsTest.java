/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The sums, and what is refused; {@link RandomShapesTest} compares native code with the reference.
 */
@ExtendWith(TensorScope.class)
class GradientNormsTest {
  @ParameterizedTest
  @EnumSource
  void measuresEachTensor(Implementation implementation) {
    implementation.assume();
    Tensor norms =
        implementation.norms(
            List.of(
                Torch.of(new float[] {3, 0, 4, 0}, 2, 2),
                new Tensor(),
                Torch.of(new double[] {-2}, 1).to(ScalarType.BFloat16),
                Torch.of(new double[0], 0, 3)));
    assertThat(Torch.doubles(norms)).containsExactly(5, 0, 2, 0);
    assertThat(norms.scalar_type().intern()).isEqualTo(ScalarType.Double);
    assertThat(Torch.shape(implementation.norms(List.of()))).containsExactly(0);
    assertThat(Torch.doubles(implementation.norms(List.of(new Tensor())))).containsExactly(0);
  }

  @ParameterizedTest
  @EnumSource
  void squaresOfLargeFloatsDoNotOverflow(Implementation implementation) {
    implementation.assume();
    float[] large = new float[40];
    Arrays.fill(large, 1e30f);
    assertThat(Torch.doubles(implementation.norms(List.of(Torch.of(large, 40))))[0])
        .isCloseTo(1e30 * Math.sqrt(40), withinPercentage(1e-4));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNotFiniteShows(Implementation implementation) {
    implementation.assume();
    float[] values = new float[100];
    values[70] = Float.NaN;
    assertThat(Torch.doubles(implementation.norms(List.of(Torch.of(values, 100)))))
        .containsExactly(Double.NaN);
    values[70] = Float.NEGATIVE_INFINITY;
    assertThat(Torch.doubles(implementation.norms(List.of(Torch.of(values, 100)))))
        .containsExactly(Double.POSITIVE_INFINITY);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesWhatDoesNotFit(Implementation implementation) {
    implementation.assume();
    Tensor good = Torch.of(new float[] {1, 2}, 2);
    Tensor closed = good.clone();
    closed.close();
    refuses(implementation, good.to(ScalarType.Long), "gradients[1] must be float32");
    refuses(
        implementation,
        good.to(new Device("meta"), ScalarType.Float, false, false, null),
        "gradients[1] is on meta, but gradients[0] is on cpu");
    refuses(implementation, closed, "gradients[1] is null or was closed");
  }

  private static void refuses(Implementation implementation, Tensor second, String part) {
    Tensor first = Torch.of(new float[] {1, 2}, 2);
    assertThatThrownBy(() -> implementation.norms(List.of(first, second)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::gradient_norms: ")
        .hasMessageContaining(part);
  }
}
