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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** More shapes, and wrong ones, are those of {@link RandomShapesTest}. */
@ExtendWith(TensorScope.class)
class LinearProductTest {
  /** Of a product that goes to oneDNN. */
  private static final int ROWS = 521;

  private static final int IN = 512;
  private static final int OUT = 516;

  private final RandomState random = new RandomState(11);

  /** Result and gradients of x [..., in], weight and perhaps bias, computed in the type of x. */
  private static List<Tensor> run(
      Implementation implementation, Tensor factors, List<Tensor> inputs) {
    inputs.forEach(input -> input.set_requires_grad(true));
    Tensor result = product(implementation, inputs);
    result.mul(factors).sum().backward();
    List<Tensor> all = new ArrayList<>(List.of(result.detach()));
    inputs.forEach(input -> all.add(input.grad()));
    return all;
  }

  private static Tensor product(Implementation implementation, List<Tensor> inputs) {
    TensorOptional bias = inputs.size() == 3 ? new TensorOptional(inputs.get(2)) : Torch.none();
    return implementation == Implementation.NATIVE
        ? LinearProduct.of(inputs.get(0), inputs.get(1), bias)
        : LinearProduct.reference(inputs.get(0), inputs.get(1), bias);
  }

  /** In float64, on leaves of their own. */
  private static List<Tensor> exact(List<Tensor> tensors) {
    return tensors.stream().map(tensor -> tensor.to(ScalarType.Double).detach()).toList();
  }

  private static void assertClose(List<Tensor> actual, List<Tensor> expected) {
    for (int i = 0; i < expected.size(); i++) {
      Tensor difference = actual.get(i).to(ScalarType.Double).sub(expected.get(i)).abs().max();
      assertThat(Torch.item(difference.div(expected.get(i).abs().max())))
          .as("result %d", i)
          .isLessThan(1e-6);
    }
  }

  private void equalsTheReference(Tensor factors, List<Tensor> inputs) {
    Implementation.NATIVE.assume();
    List<Tensor> expected =
        run(Implementation.REFERENCE, factors.to(ScalarType.Double), exact(inputs));
    assertClose(run(Implementation.NATIVE, factors, inputs), expected);
  }

  /** oneDNN; pieces of rows, the last one shorter; pieces of columns; one product as it is. */
  @ParameterizedTest
  @CsvSource({"521, 512, 516", "250, 100, 90", "7, 130, 1201", "30, 20, 10"})
  void resultAndGradientsAreThoseOfTheReference(int rows, int in, int out) {
    // Columns of a wider tensor: rows do not follow one another.
    Tensor x = random.normal(rows, 2L * in).narrow(1, 3, in).detach();
    equalsTheReference(
        random.normal(rows, out), List.of(x, random.normal(out, in), random.normal(out)));
  }

  @Test
  void batchesOfRowsAndAGradientThatIsOneNumberEverywhereAreTaken() {
    Tensor same = random.normal(1, 1, 1).expand(new long[] {2, ROWS, OUT}, false);
    equalsTheReference(same, List.of(random.normal(2, ROWS, IN), random.normal(OUT, IN)));
  }

  /** Windows that slide by one: oneDNN knows no such layout, LibTorch does. */
  @Test
  void rowsThatShareElementsAreTaken() {
    Tensor x = random.normal(ROWS + IN).as_strided(new long[] {ROWS, IN}, 1, 1).detach();
    Tensor weight = random.normal(OUT + IN).as_strided(new long[] {OUT, IN}, 1, 1).detach();
    equalsTheReference(random.normal(ROWS, OUT), List.of(x, weight));
  }

  @Test
  void gradientsOfLargeProductsAreDifferentiable() {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = List.of(random.normal(ROWS, IN), random.normal(OUT, IN));
    Tensor factors = random.normal(ROWS, IN);
    List<Tensor> expected =
        secondDerivatives(Implementation.REFERENCE, factors.to(ScalarType.Double), exact(inputs));
    assertClose(secondDerivatives(Implementation.NATIVE, factors, inputs), expected);
  }

  /** Gradients of the product's squares, and those of the first of them. */
  private static List<Tensor> secondDerivatives(
      Implementation implementation, Tensor factors, List<Tensor> inputs) {
    inputs.forEach(input -> input.set_requires_grad(true));
    Tensor squares = product(implementation, inputs).square();
    Implementation.backwardForSecondDerivative(squares);
    Tensor first = new Tensor(inputs.get(0).grad());
    inputs.forEach(input -> input.mutable_grad().reset());
    first.mul(factors).sum().backward();
    return List.of(first.detach(), inputs.get(0).grad(), inputs.get(1).grad());
  }

  /** Training with a frozen model keeps no input of its layers: they may be written anew. */
  @Test
  void whatEntersAFrozenLayerIsNotKept() {
    Implementation.NATIVE.assume();
    Tensor leaf = random.normal(ROWS, IN);
    Tensor weight = random.normal(OUT, IN);
    Tensor factors = random.normal(ROWS, OUT);
    double[] expected =
        Torch.doubles(run(Implementation.NATIVE, factors, List.of(leaf, weight)).get(1));
    leaf.mutable_grad().reset();
    weight.set_requires_grad(false);
    Tensor x = leaf.mul(Torch.scalar(1));
    Tensor result = product(Implementation.NATIVE, List.of(x, weight));
    x.zero_();
    result.mul(factors).sum().backward();
    assertThat(Torch.doubles(leaf.grad())).isEqualTo(expected);
  }
}
