/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.LibTorchCalls;
import org.dsvlm.testing.ObservedWork;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a plan counts of the whole supervision, of each of its losses, adapters, attentions and
 * reconstructions, is what LibTorch runs.
 */
@ExtendWith(TensorScope.class)
class SupervisionCostTest {
  private static final int PICTURES = 2;
  private static final int TOKENS = 4;
  private static final List<Long> WIDTHS = List.of(4L, 4L, 6L, 6L, 6L);

  @BeforeEach
  void recorded() {
    LibTorchCalls.assumeRecorded();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "perceptual",
        "vgg_l1",
        "mae",
        "ssim",
        "epsilon",
        "0.5*mae+0.5*ssim",
        "perceptual+epsilon"
      })
  void everyLoss(String loss) {
    check("{'loss': '" + loss + "'}", true, false);
  }

  /** A frozen encoder's features have no gradient; those of the connector always do. */
  @ParameterizedTest
  @CsvSource({
    "linear, true",
    "linear, false",
    "mlp, true",
    "mlp, false",
    "qformer, true",
    "qformer, false"
  })
  void everyAdapter(String kind, boolean encoderTrained) {
    String adapter = "{'kind': '" + kind + "', 'queries': 3, 'depth': 2}";
    check("{'loss': 'mae', 'adapter': " + adapter + "}", encoderTrained, false);
  }

  @ParameterizedTest
  @CsvSource({"moe, false", "moe, true", "shared, false", "shared, true"})
  void everyCrossAttention(String attention, boolean unetTrained) {
    check("{'loss': 'mae', 'attention': '" + attention + "'}", true, unetTrained);
  }

  @ParameterizedTest
  @CsvSource({"3, 1, moe, false", "3, 2, moe, true", "2, 2, shared, false"})
  void theUnrolledReconstruction(int steps, int gradientSteps, String attention, boolean trained) {
    check(
        "{'loss': 'mae', 'attention': '%s', 'reconstruction': {'kind': 'unrolled', 'steps': %d,"
                .formatted(attention, steps)
            + " 'gradient_steps': "
            + gradientSteps
            + "}}",
        true,
        trained);
  }

  /** One picture of the two is decoded and compared. */
  @ParameterizedTest
  @CsvSource({"one-step, mae+epsilon", "one-step, perceptual+epsilon", "from-noise, mae+epsilon"})
  void picturesForTheNoiseAlone(String kind, String loss) {
    check(
        "{'loss': '%s', 'reconstruction': {'kind': '%s'}, 'timesteps': {'epsilon': {'share': 0.5}}}"
            .formatted(loss, kind),
        true,
        true);
  }

  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "2, false"})
  void fromNoise(int steps, boolean trained) {
    check(
        "{'loss': 'mae', 'reconstruction': {'kind': 'from-noise', 'noise_steps': " + steps + "}}",
        true,
        trained);
  }

  private static void check(String settings, boolean encoderTrained, boolean unetTrained) {
    try (TinyModel model = new TinyModel(settings.replace('\'', '"'), ScalarType.Float)) {
      model.adapterStore.setTrainable(name -> true);
      model.stableDiffusion.vaeStore().setTrainable(name -> false);
      model.stableDiffusion.unetStore().setTrainable(name -> unetTrained);
      Map<String, Tensor> features = new LinkedHashMap<>();
      for (Feature feature : model.config.features()) {
        boolean text = feature == StandardFeature.TEXT;
        long width = text ? TinyModel.TEXT_WIDTH : TinyModel.VISION_WIDTH;
        features.put(
            feature.key(),
            model
                .random(feature.key(), PICTURES, TOKENS, width)
                .set_requires_grad(text || encoderTrained));
      }
      Tensor picture = model.random("picture", PICTURES, 3, TinyModel.PICTURE, TinyModel.PICTURE);
      Tensor noise = model.random("noise", PICTURES, 4, TinyModel.LATENT, TinyModel.LATENT);
      Tensor times = Torch.of(new long[] {101, 401}, PICTURES);
      boolean half = model.config.timesteps().epsilon().share() > 0;
      SupervisionDraw.Parts parts =
          half
              ? new SupervisionDraw.Parts(Torch.of(new long[] {1}, 1), Torch.of(new long[] {0}, 1))
              : null;
      Tape tape = new Tape(4);
      new SupervisionCost(
              model.config,
              model.stableDiffusion.unet().config(),
              model.stableDiffusion.vae().config(),
              WIDTHS,
              unetTrained)
          .record(
              tape, PICTURES, TOKENS, TinyModel.TEXT_WIDTH, TinyModel.VISION_WIDTH, encoderTrained);
      ObservedWork.assertThatTapeHolds(
          tape,
          () ->
              model
                  .supervisor
                  .loss(features, picture, new SupervisionDraw(times, noise, parts))
                  .loss());
    }
  }
}
