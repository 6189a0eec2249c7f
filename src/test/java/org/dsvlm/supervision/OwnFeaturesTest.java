/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.weights.WeightSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Supervision by features that no vision-language model of this library has. */
@ExtendWith(TensorScope.class)
class OwnFeaturesTest {
  private static final String LAYER = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.";

  private StableDiffusion diffusion;
  private ParameterStore adapters;

  @BeforeEach
  void build() {
    diffusion =
        StableDiffusion.random(
            UNetConfig.parse(TinyModel.json(TinyModel.UNET), "test"),
            VaeConfig.parse(TinyModel.json(TinyModel.VAE), "test"),
            NoiseSchedule.stableDiffusion(),
            new RandomState(1),
            ScalarType.Float,
            "cpu");
    adapters = ParameterStore.random(new RandomState(2), ScalarType.Float, "cpu");
  }

  @AfterEach
  void free() {
    diffusion.close();
    adapters.close();
  }

  @Test
  void threeOfOddNamesAndWidthsLearnAndAreReadBack(@TempDir Path folder) {
    Map<String, Tensor> features = three();
    Path file = folder.resolve(MultiAdapterFile.NAME);
    double loss;
    try (DiffusionSupervisor supervisor = supervisor(threeConfig(), adapters)) {
      Map<String, Tensor> trained = adapters.setTrainable(name -> true);
      features.values().forEach(feature -> feature.set_requires_grad(true));
      DiffusionSupervisor.Result result = loss(supervisor, features);
      result.loss().backward();
      loss = Torch.item(result.loss());
      features.forEach(
          (name, feature) -> assertThat(largest(feature.grad())).as(name).isPositive());
      trained.forEach((name, weight) -> assertThat(largest(weight.grad())).as(name).isPositive());
      assertThat(Torch.shape(result.routerProbabilities().get(0))).containsExactly(2, 3);
      MultiAdapterFile.write(file, adapters);
    }
    assertThat(adapters.tensors().keySet())
        .contains("adapters.p3.weight", "adapters.p-4_wide.bias", LAYER + "to_k_p3.weight")
        .contains(LAYER + "to_v_p-4_wide.weight", LAYER + "to_k_Z.weight")
        .isEqualTo(shapes(threeConfig()).keySet());
    assertThat(Torch.shape(adapters.tensors().get("adapters.p-4_wide.weight")))
        .containsExactly(TinyModel.CROSS_WIDTH, 17);
    assertThat(Torch.shape(adapters.tensors().get(LAYER + "router.weight"))).containsExactly(3, 8);
    try (WeightSource source = MultiAdapterFile.open(file);
        ParameterStore stored = ParameterStore.from(source, ScalarType.Float, "cpu");
        DiffusionSupervisor again = supervisor(threeConfig(), stored)) {
      assertThat(stored.surplus()).isEmpty();
      assertThat(Torch.item(loss(again, features).loss())).isEqualTo(loss);
    }
  }

  /** More than one call of the operator takes: each expert starts as the base's copy. */
  @Test
  void tenWithEqualContextsGiveWhatTheBaseGives() {
    SupervisionConfigBuilder builder = settings();
    IntStream.range(0, 10).forEach(i -> builder.feature("f" + i, 6));
    Tensor same = random("same", 2, 4, 6);
    Map<String, Tensor> features = new LinkedHashMap<>();
    IntStream.range(0, 10).forEach(i -> features.put("f" + i, same.clone()));
    SupervisionConfig alone = settings().feature("f0", 6).build();
    double wanted;
    try (DiffusionSupervisor one = supervisor(alone, adapters)) {
      wanted = Torch.item(loss(one, Map.of("f0", same)).loss());
    }
    Tensor weight = adapters.tensors().get("adapters.f0.weight");
    Tensor bias = adapters.tensors().get("adapters.f0.bias");
    try (ParameterStore store = ParameterStore.random(new RandomState(3), ScalarType.Float, "cpu");
        DiffusionSupervisor all = supervisor(builder.build(), store)) {
      for (int i = 0; i < 10; i++) {
        store.tensors().get("adapters.f" + i + ".weight").copy_(weight);
        store.tensors().get("adapters.f" + i + ".bias").copy_(bias);
      }
      Map<String, Tensor> trained = store.setTrainable(name -> true);
      DiffusionSupervisor.Result result = loss(all, features);
      result.loss().backward();
      assertThat(Torch.item(result.loss())).isCloseTo(wanted, within(1e-5));
      assertThat(largest(trained.get("adapters.f9.weight").grad())).isPositive();
    }
  }

  @Test
  void theyStandBehindTheModelsFeatures() {
    SupervisionConfig config =
        settings().feature("p3", 5).feature(StandardFeature.HIGH).levels(1, 2, 3).build();
    assertThat(config.features()).extracting(Feature::key).containsExactly("high", "p3");
    assertThat(config.blocks()).containsExactly(Map.entry("high", 3));
    assertThat(RouterRows.of(config.features()).count()).isEqualTo(5);
    assertThat(RouterRows.of(config.features()).ofExperts()).containsExactly(3, 4);
  }

  @Test
  void withoutAFeatureTheDefaultsAreBuilt() {
    assertThat(SupervisionConfig.builder().build()).isEqualTo(SupervisionConfig.defaults());
  }

  @Test
  void namesTheFeatureWhoseTensorIsWrong() {
    try (DiffusionSupervisor supervisor = supervisor(threeConfig(), adapters)) {
      refuses(supervisor, "Z", null, "feature 'Z' is switched on, but only [p3, p-4_wide]");
      refuses(supervisor, "p4", random("p4", 2, 1, 5), "features [p4] were handed over");
      refuses(
          supervisor,
          "p3",
          random("p3", 2, 7, 6),
          "feature 'p3' has shape [2, 7, 6], but has to have [2, 7, 5]");
      refuses(
          supervisor,
          "p3",
          random("p3", 7, 5),
          "feature 'p3' has shape [7, 5], but has to have [2, 5, 5]");
      refuses(
          supervisor,
          "p-4_wide",
          random("p4", 3, 3, 17),
          "feature 'p-4_wide' has shape [3, 3, 17], but has to have [2, 3, 17]");
    }
  }

  @Test
  void namesWhatIsNoNameOfAFeature() {
    says(() -> settings().feature("p.3", 5), "feature name 'p.3' has to be of letters");
    says(() -> settings().feature("p3", 0), "feature 'p3' has to have a width above 0, not 0");
    says(() -> settings().feature("p3", 5).feature("p3", 6), "feature 'p3' is there twice");
    says(() -> settings().feature("low", 5), "take another name, or StandardFeature.LOW");
    says(
        () -> settings().feature("p3", 5).levels(1, 2, 3).build(),
        "levels chooses among a vision-language model's features, but all features [p3]");
    says(
        () -> supervisor(settings().feature(StandardFeature.MID).build(), adapters),
        "feature 'mid' is a vision-language model's, so its width has to be given");
  }

  @Test
  void noVisionTowerHasThem() {
    says(
        () -> FeatureHooks.take(threeConfig(), null, List.of(), null),
        "feature 'p3' is none of the vision-language model's");
  }

  private void refuses(DiffusionSupervisor supervisor, String name, Tensor tensor, String message) {
    Map<String, Tensor> features = three();
    if (tensor == null) {
      features.remove(name);
    } else {
      features.put(name, tensor);
    }
    says(() -> loss(supervisor, features), message);
  }

  private static void says(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(DsVlmException.class).hasMessageContaining(message);
  }

  private static SupervisionConfigBuilder settings() {
    return SupervisionConfig.builder().loss("mae").pictureSize(TinyModel.PICTURE);
  }

  private static SupervisionConfig threeConfig() {
    return settings().feature("p3", 5).feature("p-4_wide", 17).feature("Z", 1).build();
  }

  private static Map<String, Tensor> three() {
    Map<String, Tensor> features = new LinkedHashMap<>();
    features.put("p3", random("p3", 2, 7, 5));
    features.put("p-4_wide", random("p4", 2, 3, 17));
    features.put("Z", random("Z", 2, 2, 1));
    return features;
  }

  private DiffusionSupervisor supervisor(SupervisionConfig config, ParameterStore store) {
    return new DiffusionSupervisor(config, diffusion, config.loss().build(null), store.root());
  }

  private static Map<String, long[]> shapes(SupervisionConfig config) {
    return DiffusionSupervisor.parameterShapes(
        config, UNetConfig.parse(TinyModel.json(TinyModel.UNET), "test"), 0, 0);
  }

  private static DiffusionSupervisor.Result loss(
      DiffusionSupervisor supervisor, Map<String, Tensor> features) {
    return supervisor.loss(
        features,
        random("picture", 2, 3, TinyModel.PICTURE, TinyModel.PICTURE),
        Torch.of(new long[] {101, 501}, 2),
        random("noise", 2, 4, TinyModel.LATENT, TinyModel.LATENT));
  }

  private static double largest(Tensor gradient) {
    return Arrays.stream(Torch.doubles(gradient.to(ScalarType.Double)))
        .map(Math::abs)
        .max()
        .orElse(0);
  }

  private static Tensor random(String purpose, long... shape) {
    return new RandomState(4).fork(purpose).normal(shape);
  }
}
