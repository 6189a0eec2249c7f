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
import static org.dsvlm.kernels.Implementation.uniform;
import static org.dsvlm.kernels.Implementation.valueAndGradients;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TensorScope.class)
class MoeCrossAttentionTest {

  /** query, keys, values, router, in this order. */
  private static List<Tensor> inputs(
      ScalarType dtype, long batch, long queries, long heads, long headDim, long... tokens) {
    List<Tensor> all = new ArrayList<>();
    all.add(normal(1, dtype, batch, queries, heads, headDim));
    for (int side = 0; side < 2; side++) {
      for (int e = 0; e < tokens.length; e++) {
        all.add(normal(10 + 10 * side + e, dtype, batch, tokens[e], heads, headDim));
      }
    }
    all.add(uniform(2, dtype, batch, tokens.length));
    return all;
  }

  private static Function<List<Tensor>, Tensor> operator(Implementation implementation) {
    return all -> {
      int experts = (all.size() - 2) / 2;
      return implementation.moe(
          all.get(0),
          all.subList(1, 1 + experts),
          all.subList(1 + experts, 1 + 2 * experts),
          all.get(all.size() - 1));
    };
  }

  private static long[] tokens(String text) {
    return Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "Double, 2, 7, 3, 5, 4 1 9",
    "Float, 1, 1, 1, 1, 1",
    "Float, 2, 1, 2, 8, 1 1",
    "Float, 1, 130, 3, 40, 36 25 77 1",
    "Float, 3, 65, 2, 17, 3 5 7 9 11 13 15 17",
    "Float, 1, 600, 1, 16, 5 33",
    "Float, 2, 9, 1, 256, 70 2",
    "BFloat16, 2, 33, 2, 40, 17 16 9",
    "BFloat16, 1, 1, 1, 3, 1"
  })
  void nativeEqualsTheReference(
      ScalarType dtype, long batch, long queries, long heads, long headDim, String tokens) {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = inputs(dtype, batch, queries, heads, headDim, tokens(tokens));
    assertClose(
        valueAndGradients(operator(Implementation.NATIVE), inputs),
        valueAndGradients(operator(Implementation.REFERENCE), inputs),
        tolerance(dtype),
        "native against reference");
  }

  @ParameterizedTest
  @EnumSource
  void equalsTheEquation(Implementation implementation) {
    implementation.assume();
    long batch = 2;
    long queries = 3;
    long headDim = 4;
    List<Tensor> in = inputs(ScalarType.Double, batch, queries, 1, headDim, 5, 2);
    double[] actual = Torch.doubles(operator(implementation).apply(in));
    double[][] flat = in.stream().map(Torch::doubles).toArray(double[][]::new);
    int[] tokens = {5, 2};
    for (int b = 0; b < batch; b++) {
      for (int n = 0; n < queries; n++) {
        for (int d = 0; d < headDim; d++) {
          double expected = 0;
          for (int e = 0; e < 2; e++) {
            double numerator = 0;
            double denominator = 0;
            for (int t = 0; t < tokens[e]; t++) {
              double score = 0;
              for (int i = 0; i < headDim; i++) {
                score +=
                    flat[0][(int) ((b * queries + n) * headDim) + i]
                        * flat[1 + e][(int) ((b * tokens[e] + t) * headDim) + i];
              }
              double weight = Math.exp(score / Math.sqrt(headDim));
              denominator += weight;
              numerator += weight * flat[3 + e][(int) ((b * tokens[e] + t) * headDim) + d];
            }
            expected += flat[5][b * 2 + e] * numerator / denominator;
          }
          assertThat(actual[(int) ((b * queries + n) * headDim) + d])
              .isCloseTo(expected, Offset.offset(1e-12));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors in float64",
      then = "accepted; gradients equal finite differences")
  void gradientsInFloat64EqualFiniteDifferences(Implementation implementation) {
    implementation.assume();
    GradCheck.check(operator(implementation), inputs(ScalarType.Double, 2, 3, 2, 3, 4, 1, 2), 1e-7);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "tensors of any strides",
      then = "accepted; results equal those of contiguous tensors")
  void acceptsAnyStrides(Implementation implementation) {
    implementation.assume();
    List<Tensor> plain = inputs(ScalarType.Float, 2, 9, 3, 8, 4, 7);
    List<Tensor> strided = plain.stream().map(Implementation::strided).toList();
    assertThat(strided.get(0).is_contiguous()).isFalse();
    assertClose(
        valueAndGradients(operator(implementation), strided),
        valueAndGradients(operator(implementation), plain),
        1e-6,
        "strided against contiguous");
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "an empty batch, or no queries",
      then = "accepted; results are empty, gradients empty or zero")
  void anEmptyBatchGivesAnEmptyResultAndEmptyGradients(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 0, 5, 2, 4, 3, 2);
    List<double[]> results = valueAndGradients(operator(implementation), inputs);
    assertThat(results).hasSize(7).allSatisfy(values -> assertThat(values).isEmpty());
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "an empty batch, or no queries",
      then = "accepted; results are empty, gradients empty or zero")
  void withoutQueriesNothingFlowsBack(Implementation implementation) {
    implementation.assume();
    List<double[]> results =
        valueAndGradients(operator(implementation), inputs(ScalarType.Float, 2, 0, 2, 4, 3, 2));
    assertThat(results.get(0)).isEmpty();
    assertThat(results.get(2)).hasSize(2 * 3 * 2 * 4).containsOnly(0);
    assertThat(results.get(6)).hasSize(4).containsOnly(0);
  }

  @ParameterizedTest
  @EnumSource
  void largeScoresDoNotOverflow(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 1, 4, 1, 8, 6);
    inputs.set(0, inputs.get(0).mul(Torch.scalar(1e4)));
    assertThat(valueAndGradients(operator(implementation), inputs))
        .allSatisfy(values -> assertThat(values).doesNotContain(Double.NaN));
  }

  @ParameterizedTest
  @EnumSource
  void freesWhatItMakes(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 1, 4, 1, 8, 6, 3);
    long before = NativeObjects.settledCount();
    operator(implementation).apply(inputs).close();
    assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before + 1);
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesOtherTypesShapesAndDevices(Implementation implementation) {
    implementation.assume();
    List<Tensor> good = inputs(ScalarType.Float, 2, 3, 2, 4, 5, 6);
    refuses(implementation, good, 1, good.get(1).to(ScalarType.Double), "keys[0] is float64");
    refuses(implementation, good, 0, good.get(0).to(ScalarType.Long), "query must be float32");
    refuses(implementation, good, 4, good.get(3), "values[1] must be", "[2, 6, 2, 4]");
    refuses(implementation, good, 2, normal(1, ScalarType.Float, 2, 6, 3, 4), "keys[1] must be");
    refuses(implementation, good, 5, good.get(5).narrow(1, 0, 1), "router_probabilities", "[2, 2]");
    Tensor elsewhere = good.get(1).to(new Device("meta"), ScalarType.Float, false, false, null);
    refuses(implementation, good, 1, elsewhere, "keys[0] is on meta, but query is on cpu");
    refuses(implementation, good, 0, good.get(0).to(ScalarType.Half), "is float16 on cpu");
  }

  @ParameterizedTest
  @EnumSource
  void refusesContextsWithoutTokens(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 2, 3, 2, 4, 5, 0);
    assertThatThrownBy(() -> operator(implementation).apply(inputs))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("dsvlm::moe_cross_attention: keys[1] has no tokens");
  }

  @ParameterizedTest
  @EnumSource
  void refusesNoneAndNineContexts(Implementation implementation) {
    implementation.assume();
    for (int experts : new int[] {0, 9}) {
      List<Tensor> inputs =
          inputs(ScalarType.Float, 1, 2, 1, 4, new long[] {1, 1, 1, 1, 1, 1, 1, 1, 1});
      Tensor query = inputs.get(0);
      List<Tensor> contexts = inputs.subList(1, 1 + experts);
      assertThatThrownBy(() -> implementation.moe(query, contexts, contexts, query))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("keys must hold 1 to 8 contexts, but holds " + experts);
    }
  }

  @ParameterizedTest
  @EnumSource
  @BadInput(
      number = 78,
      value = "a tensor of a wrong shape, type or device, or a closed one",
      then = "an error with operator, argument and what it must be")
  void refusesAClosedTensor(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 1, 2, 1, 4, 3);
    inputs.get(1).close();
    assertThatThrownBy(() -> operator(implementation).apply(inputs))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("keys[0] is null or was closed");
  }

  @ParameterizedTest
  @EnumSource
  void recordsNothingWithoutGradient(Implementation implementation) {
    implementation.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 1, 8, 1, 4, 3);
    inputs.get(0).set_requires_grad(true);
    try (NoGradGuard guard = new NoGradGuard()) {
      assertThat(operator(implementation).apply(inputs).requires_grad()).isFalse();
    }
  }

  @Test
  void refusesASecondDerivative() {
    Implementation.NATIVE.assume();
    List<Tensor> inputs = inputs(ScalarType.Float, 1, 2, 1, 4, 3);
    inputs.get(2).set_requires_grad(true);
    Tensor output = operator(Implementation.NATIVE).apply(inputs);
    assertThatThrownBy(() -> Implementation.backwardForSecondDerivative(output))
        .hasMessageContaining("has no second derivative");
  }

  private static void refuses(
      Implementation implementation,
      List<Tensor> good,
      int index,
      Tensor bad,
      String... messageParts) {
    List<Tensor> inputs = new ArrayList<>(good);
    inputs.set(index, bad);
    assertThatThrownBy(() -> operator(implementation).apply(inputs))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dsvlm::moe_cross_attention: ")
        .hasMessageContainingAll(messageParts);
  }
}
