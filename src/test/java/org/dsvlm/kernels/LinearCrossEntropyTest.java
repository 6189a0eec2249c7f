/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.dsvlm.kernels.Implementation.assertClose;
import static org.dsvlm.kernels.Implementation.normal;
import static org.dsvlm.kernels.Implementation.tolerance;
import static org.dsvlm.kernels.Implementation.valueAndGradients;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TensorScope.class)
class LinearCrossEntropyTest {

  private static Function<List<Tensor>, Tensor> operator(
      Implementation implementation, Tensor labels, long chunkRows) {
    return both ->
        implementation == Implementation.NATIVE
            ? LinearCrossEntropy.mean(both.get(0), both.get(1), labels, chunkRows)
            : LinearCrossEntropy.reference(both.get(0), both.get(1), labels);
  }

  private static List<Tensor> statesAndWeight(
      ScalarType dtype, long rows, long width, long classes) {
    return List.of(normal(1, dtype, rows, width), normal(2, dtype, classes, width));
  }

  /** Every class in turn, the last one too. */
  private static Tensor labels(int rows, int classes) {
    long[] labels = new long[rows];
    for (int i = 0; i < rows; i++) {
      labels[i] = (classes - 1 + 3L * i) % classes;
    }
    return Torch.of(labels, rows);
  }

  @ParameterizedTest
  @CsvSource({
    "Double, 7, 5, 11, 0", "Double, 7, 5, 11, 3", "Double, 6, 5, 11, 1", "Float, 1, 1, 1, 0",
    "Float, 1, 8, 2, 4", "Float, 33, 16, 70, 8", "Float, 32, 16, 70, 32", "BFloat16, 20, 16, 31, 6"
  })
  void nativeEqualsTheReferenceWhateverTheChunks(
      ScalarType dtype, int rows, int width, int classes, int chunkRows) {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = statesAndWeight(dtype, rows, width, classes);
    Tensor labels = labels(rows, classes);
    assertClose(
        valueAndGradients(operator(Implementation.NATIVE, labels, chunkRows), inputs),
        valueAndGradients(operator(Implementation.REFERENCE, labels, 0), inputs),
        tolerance(dtype),
        "native against reference");
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors in float64",
      then = "accepted; gradients equal finite differences")
  void gradientsInFloat64EqualFiniteDifferences(Implementation implementation) {
    implementation.assume();
    GradCheck.check(
        operator(implementation, labels(5, 7), 2),
        statesAndWeight(ScalarType.Double, 5, 4, 7),
        1e-6);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors of any strides",
      then = "accepted; results equal those of contiguous tensors")
  void acceptsAnyStrides(Implementation implementation) {
    implementation.assume();
    List<Tensor> plain = statesAndWeight(ScalarType.Float, 9, 6, 10);
    List<Tensor> other = plain.stream().map(Implementation::strided).toList();
    assertThat(other.get(0).is_contiguous()).isFalse();
    Tensor labels = Torch.cat(0, labels(9, 10), labels(9, 10)).view(2, 9).t().select(1, 0);
    assertThat(labels.is_contiguous()).isTrue();
    assertClose(
        valueAndGradients(operator(implementation, labels, 4), other),
        valueAndGradients(operator(implementation, labels, 4), plain),
        1e-6,
        "strided against contiguous");
  }

  @ParameterizedTest
  @EnumSource
  void aFrozenHeadGathersNoGradient(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = statesAndWeight(ScalarType.Float, 5, 4, 7);
    Tensor states = inputs.get(0).set_requires_grad(true);
    operator(implementation, labels(5, 7), 2).apply(List.of(states, inputs.get(1))).backward();
    assertThat(states.grad().defined()).isTrue();
    assertThat(inputs.get(1).grad().defined()).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void hugeLogitsDoNotOverflow(Implementation implementation) {
    implementation.assume();
    Tensor states = Torch.of(new float[] {1e4f, 0, 0, 1e4f}, 2, 2);
    Tensor weight = Torch.of(new float[] {1, 0, 0, 1}, 2, 2);
    Tensor right = operator(implementation, labels(2, 2).flip(0), 1).apply(List.of(states, weight));
    Tensor wrong = operator(implementation, labels(2, 2), 1).apply(List.of(states, weight));
    assertThat(Torch.item(right)).isZero();
    assertThat(Torch.item(wrong)).isEqualTo(1e4);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesWhatDoesNotFit(Implementation implementation) {
    implementation.assume();
    Tensor states = normal(1, ScalarType.Float, 4, 3);
    Tensor weight = normal(2, ScalarType.Float, 5, 3);
    Tensor labels = labels(4, 5);
    Tensor elsewhere = labels.to(new Device("meta"), ScalarType.Long, false, false, null);
    Tensor closed = weight.clone();
    closed.close();
    refuses(implementation, states.select(0, 0), weight, labels, "hidden_states must be [rows,");
    refuses(implementation, states, weight.t(), labels, "weight must be [classes, width] [any, 3]");
    refuses(implementation, states, weight, labels(3, 5), "labels must be [rows] [4]");
    refuses(implementation, states, weight.to(ScalarType.Double), labels, "weight is float64");
    refuses(implementation, states, weight, labels.to(ScalarType.Int), "labels must be int64");
    refuses(implementation, states, weight, elsewhere, "labels is on meta");
    refuses(implementation, states, closed, labels, "weight is null or was closed");
    refuses(
        implementation, states.narrow(0, 0, 0), weight, labels.narrow(0, 0, 0), "labels is empty");
    refuses(implementation, states, weight.narrow(0, 0, 0), labels, "weight has no classes");
  }

  /** -100 too, which LibTorch's own operator passes over. */
  @ParameterizedTest
  @CsvSource({"NATIVE, -100", "REFERENCE, -100", "NATIVE, 5", "REFERENCE, 5"})
  @BadInput(
      number = 78,
      value = "a label that is no class, -100 too",
      then = "an error that the label is out of bounds")
  void refusesALabelThatIsNoClass(Implementation implementation, int label) {
    implementation.assume();
    Tensor labels = Torch.of(new long[] {0, label, 4, 1}, 4);
    refuses(
        implementation,
        normal(1, ScalarType.Float, 4, 3),
        normal(2, ScalarType.Float, 5, 3),
        labels,
        "out of bounds");
  }

  @Test
  void refusesASecondDerivative() {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = statesAndWeight(ScalarType.Float, 4, 3, 5);
    inputs.get(0).set_requires_grad(true);
    Tensor output = operator(Implementation.NATIVE, labels(4, 5), 0).apply(inputs);
    assertThatThrownBy(() -> Implementation.backwardForSecondDerivative(output))
        .hasMessageContaining("has no second derivative");
  }

  private static void refuses(
      Implementation implementation, Tensor states, Tensor weight, Tensor labels, String part) {
    assertThatThrownBy(() -> operator(implementation, labels, 0).apply(List.of(states, weight)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::linear_cross_entropy: ")
        .hasMessageContaining(part);
  }
}
