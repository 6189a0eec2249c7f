/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** More shapes, and wrong ones, are those of {@link RandomShapesTest}. */
@ExtendWith(TensorScope.class)
class LinearProductTest {
  private final RandomState random = new RandomState(11);

  /** Result and gradients of x [rows, in], weight and bias, computed in the type of x. */
  private static List<Tensor> run(Implementation implementation, Tensor factors, Tensor... inputs) {
    for (Tensor input : inputs) {
      input.set_requires_grad(true);
    }
    TensorOptional bias = new TensorOptional(inputs[2]);
    Tensor result =
        implementation == Implementation.NATIVE
            ? LinearProduct.of(inputs[0], inputs[1], bias)
            : LinearProduct.twin(inputs[0], inputs[1], bias);
    result.mul(factors).sum().backward();
    List<Tensor> all = new ArrayList<>(List.of(result.detach()));
    for (Tensor input : inputs) {
      all.add(input.grad());
    }
    return all;
  }

  /** oneDNN; pieces of rows, the last one shorter; pieces of columns; one product as it is. */
  @ParameterizedTest
  @CsvSource({"521, 512, 516", "250, 100, 90", "7, 130, 1201", "30, 20, 10"})
  void resultAndGradientsAreThoseOfTheTwin(int rows, int in, int out) {
    Implementation.NATIVE.assume();
    // Columns of a wider tensor: rows do not follow one another.
    Tensor x = random.normal(rows, 2L * in).narrow(1, 3, in).detach();
    Tensor weight = random.normal(out, in);
    Tensor bias = random.normal(out);
    Tensor factors = random.normal(rows, out);
    List<Tensor> expected =
        run(
            Implementation.TWIN,
            factors.to(ScalarType.Double),
            x.to(ScalarType.Double),
            weight.to(ScalarType.Double),
            bias.to(ScalarType.Double));
    List<Tensor> actual = run(Implementation.NATIVE, factors, x, weight, bias);
    for (int i = 0; i < expected.size(); i++) {
      Tensor difference = actual.get(i).to(ScalarType.Double).sub(expected.get(i)).abs().max();
      assertThat(Torch.item(difference.div(expected.get(i).abs().max())))
          .as("result %d", i)
          .isLessThan(1e-6);
    }
  }
}
