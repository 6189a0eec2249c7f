/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The claim of the method: without any language loss, encoder and connector learn from the
 * reconstruction. Their gradients are compared with finite differences.
 */
class SupervisionGradientTest {
  private static final List<String> PARAMETERS =
      List.of(
          "vision_tower.vision_model.embeddings.patch_embedding.weight",
          "vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight",
          "multi_modal_projector.linear_1.weight");

  @ParameterizedTest
  @ValueSource(strings = {"mae", "ssim", "perceptual", "epsilon", "0.5*mae+0.25*epsilon", "vgg_l1"})
  void oneStepWithExperts(String loss) {
    check("{'attention': 'moe', 'loss': '%s'}", loss);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mae", "ssim", "perceptual", "epsilon"})
  void oneStepShared(String loss) {
    check("{'attention': 'shared', 'loss': '%s'}", loss);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mae", "ssim", "perceptual"})
  void unrolledWithExperts(String loss) {
    check(
        "{'attention': 'moe', 'loss': '%s',"
            + " 'reconstruction': {'kind': 'unrolled', 'steps': 2, 'gradient_steps': 2}}",
        loss);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mae", "ssim", "perceptual"})
  void unrolledShared(String loss) {
    check(
        "{'attention': 'shared', 'loss': '%s',"
            + " 'reconstruction': {'kind': 'unrolled', 'steps': 2, 'gradient_steps': 2}}",
        loss);
  }

  @ParameterizedTest
  @ValueSource(strings = {"linear", "mlp", "qformer"})
  void everyAdapter(String adapter) {
    check("{'loss': 'mae', 'adapter': {'kind': '%s', 'queries': 3, 'depth': 1}}", adapter);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void fromNoise(int steps) {
    check(
        "{'loss': 'mae', 'reconstruction': {'kind': 'from-noise', 'steps': 4, 'noise_steps': %s}}",
        Integer.toString(steps));
  }

  @ParameterizedTest
  @ValueSource(strings = {"snr", "min-snr", "x0-variance"})
  void everyWeighting(String weighting) {
    check("{'loss': 'mae+epsilon', 'timesteps': {'weighting': '%s'}}", weighting);
  }

  @ParameterizedTest
  @ValueSource(strings = {"grid", "class"})
  void pooledTokens(String kind) {
    check("{'loss': 'mae', 'tokens': {'kind': '%s', 'grid': 1}}", kind);
  }

  private static void check(String template, String value) {
    try (PointerScope scope = new PointerScope();
        TinyModel model =
            new TinyModel(template.formatted(value).replace('\'', '"'), ScalarType.Double)) {
      Map<String, Tensor> parameters = model.trainable();
      model.drawn(2).loss().backward();
      for (String name : PARAMETERS) {
        Tensor parameter = parameters.get(name);
        Tensor direction = FiniteDifferences.direction(parameter);
        double expected =
            FiniteDifferences.slope(parameter, direction, () -> model.drawn(2).loss());
        double actual = Torch.item(parameter.grad().mul(direction).sum());
        assertThat(Math.abs(expected)).as("%s moves the loss", name).isGreaterThan(1e-6);
        assertThat(actual)
            .as("slope of %s", name)
            .isCloseTo(expected, within(1e-9 + 1e-5 * Math.abs(expected)));
      }
    }
  }
}
