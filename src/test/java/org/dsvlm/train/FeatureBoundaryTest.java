/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.llava.Features;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Gradients of two losses where they meet; the encoder is the identity. */
@ExtendWith(TensorScope.class)
class FeatureBoundaryTest {
  private Tensor state;
  private Tensor output;
  private FeatureBoundary boundary;
  private Features features;

  @BeforeEach
  void encode() {
    state = new RandomState(1).normal(2, 3).set_requires_grad(true);
    output = new RandomState(2).normal(2, 3).set_requires_grad(true);
    boundary =
        new FeatureBoundary(
            new Features(List.of(state.mul(Torch.scalar(1))), output.mul(Torch.scalar(1))));
    features = boundary.features();
  }

  /** Its gradient is {@code slope} at every number. */
  private static void backward(Tensor feature, double slope) {
    feature.sum().mul(Torch.scalar(slope)).backward();
  }

  private static double[] gradient(Tensor leaf) {
    return Torch.doubles(leaf.grad());
  }

  /** Six numbers of 4 and six of 3 have the norm √(6·25); those of the first loss √6 · 2. */
  @Test
  void theSecondLossGetsTheShareThatWasAskedFor() {
    backward(features.imageFeatures(), 2);
    boundary.take("language");
    backward(features.imageFeatures(), 3);
    backward(features.hiddenStates().get(0), 4);
    boundary.take("reconstruction");
    boundary.balance("reconstruction", 0.25 / 0.75);
    boundary.backward();
    double factor = 2 * Math.sqrt(6) / Math.sqrt(6 * 25) / 3;
    assertThat(gradient(output)).containsOnly(doubles(2 + 3 * factor), within(1e-6));
    assertThat(gradient(state)).containsOnly(doubles(4 * factor), within(1e-6));
    double second = Math.sqrt(6 * (9 + 16)) * factor;
    assertThat(second / (second + 2 * Math.sqrt(6))).isCloseTo(0.25, within(1e-12));
  }

  private static double[] doubles(double value) {
    return new double[] {value};
  }

  @Test
  void withoutAGradientBeforeTheSecondStaysAsItIs() {
    boundary.take("language");
    backward(features.imageFeatures(), 3);
    boundary.take("reconstruction");
    boundary.balance("reconstruction", 1);
    boundary.backward();
    assertThat(gradient(output)).containsOnly(3);
    assertThat(state.grad().defined()).isFalse();
  }

  @Test
  void withoutAGradientAfterTheFirstStaysAsItIs() {
    backward(features.imageFeatures(), 2);
    boundary.take("language");
    boundary.take("reconstruction");
    boundary.balance("reconstruction", 1);
    boundary.backward();
    assertThat(gradient(output)).containsOnly(2);
  }

  @Test
  void nothingPassesDetachedFeatures() {
    Features detached = FeatureBoundary.detached(features);
    assertThat(detached.imageFeatures().requires_grad()).isFalse();
    assertThat(detached.hiddenStates().get(0).requires_grad()).isFalse();
    assertThat(Torch.floats(detached.imageFeatures())).containsExactly(Torch.floats(output));
  }

  @Test
  void eachLossIsTakenByItselfAndTheirSumGoesBack() {
    backward(features.imageFeatures(), 10);
    boundary.take("language");
    backward(features.imageFeatures(), 1);
    backward(features.hiddenStates().get(0), 3);
    boundary.take("reconstruction");
    assertThat(boundary.losses()).containsExactly("language", "reconstruction");
    assertThat(Torch.floats(boundary.gradient("language", features.imageFeatures())))
        .containsOnly(10);
    assertThat(boundary.gradient("language", features.hiddenStates().get(0))).isNull();
    assertThat(Torch.floats(boundary.gradient("reconstruction", features.imageFeatures())))
        .containsOnly(1);
    boundary.backward();
    assertThat(gradient(output)).containsOnly(11);
    assertThat(gradient(state)).containsOnly(3);
  }

  @Test
  void theGradientOfOneLossGoesThroughAnotherPassOfTheEncoder() {
    backward(features.imageFeatures(), 2);
    boundary.take("language");
    backward(features.hiddenStates().get(0), 5);
    boundary.take("reconstruction");
    boundary.backward(
        "language", new Features(List.of(state.mul(Torch.scalar(1))), output.mul(Torch.scalar(1))));
    assertThat(gradient(output)).containsOnly(2);
    assertThat(state.grad().defined()).isFalse();
  }
}
