/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which picture counts in which loss, and how much. */
@ExtendWith(TensorScope.class)
class SampleLossesTest {
  private static final long[] TIMESTEPS = {101, 401, 701};

  /** Each picture's own losses, from passes in which nothing is weighed. */
  private double[] alone(String loss) {
    try (TinyModel model = model("{'loss': '%s'}".formatted(loss))) {
      return Torch.doubles(loss(model, TIMESTEPS).perSample());
    }
  }

  private static DiffusionSupervisor.Result loss(TinyModel model, long[] timesteps) {
    return model.supervisor.loss(
        model.features(3), picture(model), Torch.of(timesteps, 3), noise(model));
  }

  private static DiffusionSupervisor.Result loss(TinyModel model, SupervisionDraw draw) {
    return model.supervisor.loss(model.features(3), picture(model), draw);
  }

  private static SupervisionDraw draw(TinyModel model, long... reconstructed) {
    long[] rest =
        LongStream.range(0, 3)
            .filter(row -> LongStream.of(reconstructed).noneMatch(other -> other == row))
            .toArray();
    return new SupervisionDraw(
        Torch.of(TIMESTEPS, 3),
        noise(model),
        new SupervisionDraw.Parts(
            Torch.of(reconstructed, reconstructed.length), Torch.of(rest, rest.length)));
  }

  private static Tensor picture(TinyModel model) {
    return model.random("picture", 3, 3, TinyModel.PICTURE, TinyModel.PICTURE);
  }

  private static Tensor noise(TinyModel model) {
    return model.random("noise", 3, 4, TinyModel.LATENT, TinyModel.LATENT);
  }

  private static TinyModel model(String settings) {
    return new TinyModel(settings.replace('\'', '"'), ScalarType.Double);
  }

  @Test
  void picturesForTheNoiseAloneCountThereAlone() {
    double[] mae = alone("mae");
    double[] epsilon = alone("epsilon");
    try (TinyModel model =
        model("{'loss': '2*mae+epsilon', 'timesteps': {'epsilon': {'share': 0.75}}}")) {
      DiffusionSupervisor.Result result = loss(model, draw(model, 0, 2));
      assertThat(result.pictureHat().size(0)).isEqualTo(2);
      double[] perSample = Torch.doubles(result.perSample());
      assertThat(perSample[0]).isCloseTo(4 * 2 * mae[0] + epsilon[0], within(1e-12));
      assertThat(perSample[1]).isCloseTo(epsilon[1], within(1e-12));
      assertThat(perSample[2]).isCloseTo(4 * 2 * mae[2] + epsilon[2], within(1e-12));
      assertThat(Torch.item(result.loss()))
          .isCloseTo((perSample[0] + perSample[1] + perSample[2]) / 3, within(1e-12));
      assertThat(loss(model, draw(model)).pictureHat()).isNull();
      assertThat(Torch.doubles(loss(model, draw(model)).perSample()))
          .containsExactly(epsilon, within(1e-12));
    }
  }

  /** By hand: ᾱ of Stable Diffusion, weights scaled to a mean of 1 over the forty timesteps. */
  @ParameterizedTest
  @CsvSource({"snr", "min-snr", "x0-variance"})
  void theComparisonOfPicturesIsWeighedByTheTimestep(String weighting) {
    double[] mae = alone("mae");
    double[] epsilon = alone("epsilon");
    double[] alphas = Torch.doubles(NoiseSchedule.stableDiffusion().alphasCumprod());
    double mean = 0;
    for (int t = 1; t <= 781; t += 20) {
      mean += weight(weighting, alphas[t]) / 40;
    }
    try (TinyModel model =
        model(
            ("{'loss': 'mae+epsilon', 'timesteps': {'min_fraction': 0, 'max_fraction': 0.8,"
                    + " 'weighting': '%s'}}")
                .formatted(weighting))) {
      double[] perSample =
          Torch.doubles(
              loss(model, new SupervisionDraw(Torch.of(TIMESTEPS, 3), noise(model), null))
                  .perSample());
      for (int i = 0; i < 3; i++) {
        double weight = weight(weighting, alphas[(int) TIMESTEPS[i]]) / mean;
        assertThat(perSample[i]).isCloseTo(weight * mae[i] + epsilon[i], within(1e-9));
      }
      // At timesteps of the caller's choice nothing is weighed.
      assertThat(Torch.doubles(loss(model, TIMESTEPS).perSample())[0])
          .isCloseTo(mae[0] + epsilon[0], within(1e-12));
    }
  }

  private static double weight(String weighting, double alpha) {
    return switch (weighting) {
      case "snr" -> alpha / (1 - alpha);
      case "min-snr" -> Math.min(5, alpha / (1 - alpha));
      default -> 1 / (1 - alpha);
    };
  }

  /** One step from pure noise sees nothing of the picture: another picture changes no estimate. */
  @Test
  void fromNoiseTheEstimateDependsOnFeaturesAlone() {
    try (TinyModel model = model("{'loss': 'mae', 'reconstruction': {'kind': 'from-noise'}}")) {
      SupervisionDraw draw =
          new SupervisionDraw(Torch.of(new long[] {981, 981, 981}, 3), noise(model), null);
      Map<String, Tensor> features = model.features(3);
      Tensor one = model.supervisor.loss(features, picture(model), draw).pictureHat();
      Tensor other = model.supervisor.loss(features, picture(model).neg(), draw).pictureHat();
      assertThat(Torch.doubles(one)).containsExactly(Torch.doubles(other));
      Tensor x0 = model.supervisor.loss(features, picture(model), draw).x0Hat();
      double root = Math.sqrt(Torch.doubles(NoiseSchedule.stableDiffusion().alphasCumprod())[981]);
      Tensor epsilonHat = model.supervisor.loss(features, picture(model), draw).epsilonHat();
      Tensor expected =
          noise(model)
              .sub(epsilonHat.mul(Torch.scalar(Math.sqrt(1 - root * root))))
              .div(Torch.scalar(root));
      assertThat(Torch.doubles(x0)).containsExactly(Torch.doubles(expected), within(1e-9));
    }
  }

  /** The noise's loss is that of noised pictures, the others' start has no noise to be told. */
  @Test
  void fromNoiseWithPicturesForTheNoiseAlone() {
    double[] epsilon = alone("epsilon");
    try (TinyModel model =
        model(
            "{'loss': 'mae+epsilon', 'reconstruction': {'kind': 'from-noise'},"
                + " 'timesteps': {'epsilon': {'share': 0.5}}}")) {
      double[] perSample = Torch.doubles(loss(model, draw(model, 0, 2)).perSample());
      assertThat(perSample[1]).isCloseTo(2 * epsilon[1], within(1e-12));
      DiffusionSupervisor.Result all =
          loss(model, new SupervisionDraw(Torch.of(TIMESTEPS, 3), noise(model), null));
      assertThat(Torch.doubles(all.perSample())[0]).isCloseTo(perSample[0], within(1e-12));
    }
  }

  /** Two DDIM steps by hand: 981, then 481, then the last ᾱ, which is the first timestep's. */
  @Test
  void twoStepsFromNoise() {
    try (TinyModel model =
        model("{'loss': 'mae', 'reconstruction': {'kind': 'from-noise', 'noise_steps': 2}}")) {
      Map<String, Tensor> features = model.features(3);
      double[] alphas = Torch.doubles(NoiseSchedule.stableDiffusion().alphasCumprod());
      var contexts = model.supervisor.contexts(features);
      Tensor x = noise(model);
      double[] targets = {alphas[481], alphas[0]};
      long[] times = {981, 481};
      for (int i = 0; i < 2; i++) {
        Tensor t = Torch.of(new long[] {times[i], times[i], times[i]}, 3);
        Tensor epsilon = model.stableDiffusion.unet().forward(x, t, contexts);
        double alpha = alphas[(int) times[i]];
        Tensor x0 =
            x.sub(epsilon.mul(Torch.scalar(Math.sqrt(1 - alpha))))
                .div(Torch.scalar(Math.sqrt(alpha)));
        x =
            x0.mul(Torch.scalar(Math.sqrt(targets[i])))
                .add(epsilon.mul(Torch.scalar(Math.sqrt(1 - targets[i]))));
      }
      SupervisionDraw draw = new SupervisionDraw(Torch.of(TIMESTEPS, 3), noise(model), null);
      Tensor picture = model.supervisor.loss(features, picture(model), draw).pictureHat();
      assertThat(Torch.doubles(picture))
          .containsExactly(Torch.doubles(model.supervisor.decode(x)), within(1e-9));
    }
  }

  /** At t = 701 an error of ε̂ is amplified 2.97 times; bounded to 2, the gradient shrinks so. */
  @Test
  void theAmplificationIsBoundedInTheGradientAlone() {
    double[] alphas = Torch.doubles(NoiseSchedule.stableDiffusion().alphasCumprod());
    double amplification = Math.sqrt((1 - alphas[701]) / alphas[701]);
    assertThat(amplification).isGreaterThan(2);
    String unbounded = "{'loss': 'mae', 'timesteps': {'max_amplification': 0}}";
    double[] plain = new double[2];
    double[] bounded = new double[2];
    gradient(unbounded, 701, plain);
    gradient("{'loss': 'mae', 'timesteps': {'max_amplification': 2.0}}", 701, bounded);
    assertThat(bounded[0]).isEqualTo(plain[0]);
    assertThat(bounded[1] / plain[1]).isCloseTo(2 / amplification, within(1e-9));
    gradient(unbounded, 101, plain);
    gradient("{'loss': 'mae', 'timesteps': {'max_amplification': 2.0}}", 101, bounded);
    assertThat(bounded).isEqualTo(plain);
  }

  private static void gradient(String settings, long timestep, double[] lossAndNorm) {
    try (TinyModel model = model(settings)) {
      Tensor adapter = model.trainable().get("adapters.low.weight");
      Tensor loss = loss(model, new long[] {timestep, timestep, timestep}).loss();
      loss.backward();
      lossAndNorm[0] = Torch.item(loss);
      lossAndNorm[1] = Torch.item(adapter.grad().norm());
    }
  }
}
