/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReconstructionLossTest {
  @ParameterizedTest
  @ValueSource(strings = {"mae", "ssim", "perceptual", "vgg_l1", "epsilon", "2*mae+ssim"})
  void isZeroForThePerfectReconstruction(String expression) {
    try (PointerScope scope = new PointerScope();
        PerceptualNetwork network = network()) {
      Tensor picture = random("picture", 2, 3, 16, 16);
      Tensor noise = random("noise", 2, 4, 8, 8);
      Tensor loss =
          LossExpression.parse(expression, "test")
              .build(network)
              .perSample(new Reconstruction(picture, picture.clone(), noise, noise.clone()));
      assertThat(Torch.doubles(loss)).containsExactly(new double[2], within(1e-12));
    }
  }

  @Test
  void judgesEveryPictureOnItsOwn() {
    try (PointerScope scope = new PointerScope()) {
      Tensor picture = random("picture", 2, 3, 4, 4);
      Tensor hat = picture.clone();
      hat.select(0, 1).add_(Torch.scalar(0.5));
      Reconstruction reconstruction = new Reconstruction(picture, hat, null, null);
      assertThat(Torch.doubles(build("mae").perSample(reconstruction)))
          .containsExactly(new double[] {0, 0.5}, within(1e-12));
      assertThat(Torch.doubles(build("3*mae+1*mae").perSample(reconstruction)))
          .containsExactly(new double[] {0, 2}, within(1e-12));
    }
  }

  @Test
  void picturesThatAreComparedInTwoWaysAreComparedInOnePass() {
    try (PointerScope scope = new PointerScope()) {
      Tensor picture = random("picture", 2, 3, 16, 16);
      Tensor noise = random("noise", 2, 4, 8, 8);
      Reconstruction reconstruction =
          new Reconstruction(
              picture, random("hat", 2, 3, 16, 16), noise, random("noise hat", 2, 4, 8, 8));
      ReconstructionLoss joint = build("0.5*mae + epsilon + 2*ssim");
      assertThat(((ReconstructionLoss.WeightedSum) joint).terms())
          .extracting(ReconstructionLoss.WeightedSum.Term::loss)
          .hasExactlyElementsOfTypes(
              ReconstructionLoss.Photometric.class, ReconstructionLoss.Epsilon.class);
      Tensor apart =
          build("mae")
              .perSample(reconstruction)
              .mul(Torch.scalar(0.5))
              .add(build("ssim").perSample(reconstruction).mul(Torch.scalar(2)))
              .add(build("epsilon").perSample(reconstruction));
      assertThat(Torch.doubles(joint.perSample(reconstruction)))
          .containsExactly(Torch.doubles(apart), within(1e-12));
    }
  }

  @Test
  void epsilonIsTheMeanSquaredError() {
    try (PointerScope scope = new PointerScope()) {
      Tensor noise = random("noise", 1, 4, 8, 8);
      Tensor hat = noise.add(Torch.scalar(0.1));
      assertThat(
              Torch.doubles(build("epsilon").perSample(new Reconstruction(null, null, noise, hat))))
          .containsExactly(new double[] {0.01}, within(1e-12));
    }
  }

  @Test
  void saysWhatItCompares() {
    assertThat(build("epsilon").comparesPictures()).isFalse();
    assertThat(build("0.5*epsilon+2*epsilon").comparesPictures()).isFalse();
    assertThat(build("epsilon+mae").comparesPictures()).isTrue();
  }

  private static ReconstructionLoss build(String expression) {
    return LossExpression.parse(expression, "test").build(null);
  }

  private static PerceptualNetwork network() {
    return PerceptualNetwork.random(
        new RandomState(1), new long[] {2, 3, 4, 4, 4}, ScalarType.Double, "cpu");
  }

  private static Tensor random(String purpose, long... shape) {
    return new RandomState(5).fork(purpose).normal(shape).to(ScalarType.Double);
  }
}
