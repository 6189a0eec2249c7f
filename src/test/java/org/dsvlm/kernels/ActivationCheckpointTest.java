/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.NativeObjects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ActivationCheckpointTest {
  private static final int DEPTH = 12;

  private PointerScope scope;
  private Tensor weight;
  private Tensor input;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    weight = new RandomState(1).normal(6, 6).set_requires_grad(true);
    input = new RandomState(2).normal(3, 6).set_requires_grad(true);
  }

  @AfterEach
  void close() {
    scope.close();
    ActivationCheckpoint.releaseFinished();
    assertThat(ActivationCheckpoint.live()).as("checkpoints after their graph is gone").isZero();
  }

  private Tensor block(Tensor x) {
    return torch.tanh(torch.matmul(x, weight));
  }

  private Tensor deep(UnaryOperator<Tensor> body) {
    return deep(input, body);
  }

  private static Tensor deep(Tensor input, UnaryOperator<Tensor> body) {
    Tensor x = input;
    for (int i = 0; i < DEPTH; i++) {
      x = body.apply(x);
    }
    return x;
  }

  /** Gradients of weight and, if it has one, of input; both are cleared. */
  private List<double[]> gradients(Tensor output) {
    output.square().sum().backward();
    List<double[]> all =
        Stream.of(weight, input)
            .filter(Tensor::requires_grad)
            .map(ActivationCheckpointTest::take)
            .toList();
    assertThat(all.get(0)).doesNotContain(Double.NaN);
    return all;
  }

  private static double[] take(Tensor leaf) {
    double[] gradient = Torch.doubles(leaf.grad());
    leaf.mutable_grad().reset();
    return gradient;
  }

  @Test
  void gradientsEqualTheDirectRunBitForBit() {
    Tensor direct = deep(this::block);
    double[] value = Torch.doubles(direct);
    List<double[]> expected = gradients(direct);
    Tensor checkpointed = deep(x -> ActivationCheckpoint.run(this::block, x));
    assertThat(Torch.doubles(checkpointed)).isEqualTo(value);
    List<double[]> actual = gradients(checkpointed);
    assertThat(actual.get(0)).isEqualTo(expected.get(0));
    assertThat(actual.get(1)).isEqualTo(expected.get(1));
  }

  @Test
  void parametersGetGradientsWhenTheInputHasNone() {
    input.set_requires_grad(false);
    List<double[]> expected = gradients(block(input));
    List<double[]> actual = gradients(ActivationCheckpoint.run(this::block, input));
    assertThat(actual.get(0)).isEqualTo(expected.get(0));
  }

  @Test
  void nestsInItself() {
    List<double[]> expected = gradients(deep(this::block));
    List<double[]> actual =
        gradients(
            ActivationCheckpoint.run(
                outer -> deep(outer, x -> ActivationCheckpoint.run(this::block, x)), input));
    assertThat(actual.get(0)).isEqualTo(expected.get(0));
    assertThat(actual.get(1)).isEqualTo(expected.get(1));
  }

  @Test
  void survivesTheScopeOfItsForward() {
    Tensor output =
        Torch.tidy(() -> ActivationCheckpoint.run(this::block, input.mul(Torch.scalar(2))));
    List<double[]> actual = gradients(output);
    List<double[]> expected = gradients(block(input.mul(Torch.scalar(2))));
    assertThat(actual.get(1)).isEqualTo(expected.get(1));
  }

  @Test
  void theSecondRunSeesTheSameRandomNumbers() {
    Tensor output = ActivationCheckpoint.run(x -> torch.dropout(x, 0.5, true), input);
    double[] kept = Torch.doubles(output.ne(Torch.scalar(0)).to(ScalarType.Double));
    double[] next = Torch.doubles(torch.rand(4));
    output.sum().backward();
    double[] gradient = Torch.doubles(input.grad().ne(Torch.scalar(0)).to(ScalarType.Double));
    assertThat(gradient).isEqualTo(kept);
    assertThat(Torch.doubles(torch.rand(4))).as("the generator goes on").isNotEqualTo(next);
  }

  @Test
  void backwardMayRunTwiceWhenTheGraphIsRetained() {
    Tensor loss = ActivationCheckpoint.run(this::block, input).sum();
    backwardRetaining(loss);
    double[] once = take(input);
    backwardRetaining(loss);
    assertThat(take(input)).isEqualTo(once);
  }

  private static void backwardRetaining(Tensor loss) {
    loss.backward(new Tensor(), new BoolOptional(true), false, new TensorArrayRefOptional());
  }

  @Test
  void aGraphThatIsDroppedIsFreedByTheNextCheckpoint() {
    for (int i = 0; i < 5; i++) {
      try (PointerScope dropped = new PointerScope()) {
        ActivationCheckpoint.run(this::block, input);
        assertThat(ActivationCheckpoint.live()).isEqualTo(1);
      }
    }
  }

  @Test
  void repeatedStepsHoldNoMoreObjects() {
    long before = 0;
    for (int step = 0; step < 6; step++) {
      try (PointerScope each = new PointerScope()) {
        deep(x -> ActivationCheckpoint.run(this::block, x)).sum().backward();
        weight.mutable_grad().reset();
        input.mutable_grad().reset();
      }
      ActivationCheckpoint.releaseFinished();
      if (step == 1) {
        before = NativeObjects.settledCount();
      }
    }
    assertThat(Pointer.totalCount()).isEqualTo(before);
  }

  @Test
  void runsTheBodyOnceWithoutGradient() {
    int[] runs = new int[1];
    try (NoGradGuard guard = new NoGradGuard()) {
      ActivationCheckpoint.run(
          x -> {
            runs[0]++;
            return block(x);
          },
          input);
    }
    assertThat(runs[0]).isEqualTo(1);
    assertThat(ActivationCheckpoint.live()).isZero();
  }

  @Test
  void errorsOfTheSecondRunReachTheCaller() {
    int[] runs = new int[1];
    Tensor output =
        ActivationCheckpoint.run(
            x -> {
              if (++runs[0] == 2) {
                throw new IllegalStateException("the second run fails");
              }
              return block(x);
            },
            input);
    assertThatThrownBy(() -> output.sum().backward()).hasMessageContaining("the second run fails");
  }
}
