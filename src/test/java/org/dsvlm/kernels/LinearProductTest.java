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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Smaller products, and wrong ones, are those of {@link RandomShapesTest}. */
@ExtendWith(TensorScope.class)
class LinearProductTest {
  private static final int ROWS = 521;
  private static final int IN = 512;
  private static final int OUT = 516;

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

  /** So many multiplications go to oneDNN. */
  @Test
  void largeProductsAndTheirGradientsAreThoseOfTheTwin() {
    Implementation.NATIVE.assume();
    assertThat((long) ROWS * IN * OUT).isGreaterThan(1L << 27);
    // Columns of a wider tensor: rows do not follow one another.
    Tensor x = random.normal(ROWS, 2L * IN).narrow(1, 3, IN).detach();
    Tensor weight = random.normal(OUT, IN);
    Tensor bias = random.normal(OUT);
    Tensor factors = random.normal(ROWS, OUT);
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
