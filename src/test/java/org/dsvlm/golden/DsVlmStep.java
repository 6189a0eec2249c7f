/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.diffusion.DdimSampler;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.llava.Features;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.supervision.AdapterConfig;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.supervision.Feature;
import org.dsvlm.supervision.FeatureHooks;
import org.dsvlm.supervision.LossExpression;
import org.dsvlm.supervision.Reconstruction;
import org.dsvlm.supervision.StandardFeature;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.supervision.SupervisionConfig.Attention;
import org.dsvlm.supervision.TimestepConfig;
import org.dsvlm.tensor.Torch;

/**
 * One case's models and inputs, the latter of the records with a picture. Every variant of the
 * supervision (expert and shared attention, fewer features, unrolled) is computed with every loss
 * it has; each stored gradient is that of a backward pass of its own.
 */
final class DsVlmStep {
  private static final List<String> PICTURE_LOSSES = List.of("mae", "ssim", "perceptual");
  private static final List<String> LOSSES = List.of("epsilon", "mae", "ssim", "perceptual");

  private final GoldenCase golden;
  private final LoadedLlava llava;
  private final StableDiffusion diffusion;
  private final PerceptualNetwork network;
  private final ParameterStore adapters;
  private final Tensor rows;

  DsVlmStep(
      GoldenCase golden,
      LoadedLlava llava,
      StableDiffusion diffusion,
      PerceptualNetwork network,
      ParameterStore adapters) {
    this.golden = golden;
    this.llava = llava;
    this.diffusion = diffusion;
    this.network = network;
    this.adapters = adapters;
    long[] hasPicture = Torch.longs(golden.input("has_picture"));
    long[] chosen =
        IntStream.range(0, hasPicture.length)
            .filter(record -> hasPicture[record] != 0)
            .asLongStream()
            .toArray();
    rows = Torch.of(chosen, chosen.length);
  }

  void experts() {
    SupervisionConfig one =
        config(SupervisionConfig.defaults().features(), Attention.MOE, oneStep());
    try (DiffusionSupervisor supervisor = supervisor(one, "perceptual")) {
      trainable();
      intermediate(supervisor);
      DiffusionSupervisor.Result result = oneStep(supervisor);
      golden.expect("x0_hat", result.x0Hat());
      golden.expect("picture_hat", result.pictureHat());
      compare("", result, LOSSES, true);
      Tensor language = language();
      golden.expect("loss.language", language);
      Tensor total = language.add(result.loss(), Torch.scalar(supervisor.config().weight()));
      golden.expect("loss.total", total);
      gradients("grad.total.", total);
    }
    for (String loss : LOSSES) {
      try (PointerScope scope = new PointerScope();
          DiffusionSupervisor supervisor = supervisor(one, loss)) {
        gradients("grad." + loss + ".", oneStep(supervisor).loss());
      }
    }
  }

  void shared() {
    variant(
        "shared.",
        config(SupervisionConfig.defaults().features(), Attention.SHARED, oneStep()),
        false);
  }

  /** Every {@code subset_<feature>_<feature>…} that the case holds. */
  void subsets() {
    golden.names().stream()
        .filter(name -> name.startsWith("subset_"))
        .map(name -> name.substring(0, name.indexOf('.')))
        .distinct()
        .forEach(this::subset);
  }

  private void subset(String name) {
    Set<Feature> features = new LinkedHashSet<>();
    for (String feature : name.substring("subset_".length()).split("_")) {
      features.add(StandardFeature.parse(feature, name));
    }
    boolean routed = golden.has(name + ".router_probabilities");
    variant(name + ".", config(features, Attention.MOE, oneStep()), routed);
  }

  private void variant(String prefix, SupervisionConfig config, boolean routed) {
    try (PointerScope scope = new PointerScope();
        DiffusionSupervisor supervisor = supervisor(config, "perceptual")) {
      DiffusionSupervisor.Result result = oneStep(supervisor);
      compare(prefix, result, LOSSES, routed);
      gradients("grad." + prefix + "perceptual.", result.loss());
    }
  }

  void unrolled() {
    SupervisionConfig.Reconstruct settings =
        new SupervisionConfig.Reconstruct(
            SupervisionConfig.Reconstruct.Way.UNROLLED,
            golden.description().at("/settings/unrolled/num_inference_steps").asInt(),
            golden.description().at("/settings/unrolled/gradient_steps").asInt(),
            1);
    SupervisionConfig config =
        config(SupervisionConfig.defaults().features(), Attention.MOE, settings);
    Tensor start = input("unrolled.start");
    golden.expectEqual(
        "unrolled.timesteps",
        new DdimSampler(diffusion.schedule(), settings.steps()).timesteps(),
        longs("/settings/unrolled/timesteps"));
    try (PointerScope scope = new PointerScope();
        DiffusionSupervisor supervisor = supervisor(config, "perceptual")) {
      List<Tensor> trajectory = supervisor.denoise(features(supervisor), start);
      golden.expect("unrolled.latents", Torch.stack(0, trajectory.toArray(Tensor[]::new)));
      DiffusionSupervisor.Result result =
          supervisor.loss(features(supervisor), input("picture"), null, start);
      golden.expect("unrolled.picture_hat", result.pictureHat());
      compare("unrolled.", result, PICTURE_LOSSES, false);
      gradients("grad.unrolled.perceptual.", result.loss());
    }
  }

  private void intermediate(DiffusionSupervisor supervisor) {
    Map<String, Tensor> features = features(supervisor);
    features.forEach((name, feature) -> golden.expect("feature." + name, feature));
    List<Tensor> contexts = supervisor.contexts(features);
    for (StandardFeature feature : StandardFeature.values()) {
      golden.expect("context." + feature.key(), contexts.get(feature.ordinal()));
    }
    Tensor latents = supervisor.latents(input("picture"));
    golden.expect("latents", latents);
    golden.expect(
        "noisy_latents",
        diffusion.schedule().addNoise(latents, input("noise"), input("timesteps")));
  }

  /** Compares the values that every variant stores: the noise, the router's weights, each loss. */
  private void compare(
      String prefix, DiffusionSupervisor.Result result, List<String> losses, boolean routed) {
    if (result.epsilonHat() != null) {
      golden.expect(prefix + "eps_hat", result.epsilonHat());
    }
    if (routed) {
      golden.expect(
          prefix + "router_probabilities",
          Torch.stack(0, result.routerProbabilities().toArray(Tensor[]::new)));
    }
    Reconstruction reconstruction =
        new Reconstruction(
            input("picture"), result.pictureHat(), input("noise"), result.epsilonHat());
    for (String loss : losses) {
      Tensor perSample =
          LossExpression.parse(loss, "golden").build(network).perSample(reconstruction);
      golden.expect(prefix + "per_sample." + loss, perSample);
      golden.expect(prefix + "loss." + loss, perSample.mean());
    }
  }

  /** Goes backward from {@code loss} and compares every gradient stored under {@code prefix}. */
  private void gradients(String prefix, Tensor loss) {
    Map<String, Tensor> parameters = trainable();
    loss.backward();
    for (String name : golden.names()) {
      if (name.startsWith(prefix)) {
        Tensor parameter = parameters.get(name.substring(prefix.length()));
        if (parameter == null) {
          golden.fail(name + ": no such parameter");
        } else {
          golden.expect(name, parameter.grad());
        }
      }
    }
    parameters.values().forEach(parameter -> parameter.mutable_grad().reset());
  }

  private Map<String, Tensor> trainable() {
    Map<String, Tensor> all = new TreeMap<>(llava.parameters().setTrainable(name -> true));
    all.putAll(adapters.setTrainable(name -> true));
    return all;
  }

  private DiffusionSupervisor.Result oneStep(DiffusionSupervisor supervisor) {
    return supervisor.loss(
        features(supervisor), input("picture"), input("timesteps"), input("noise"));
  }

  private Map<String, Tensor> features(DiffusionSupervisor supervisor) {
    Features encoded = llava.model().encode(input("pixel_values"));
    return new LinkedHashMap<>(
        FeatureHooks.take(
            supervisor.config(),
            llava.model().visionTower(),
            encoded.hiddenStates(),
            encoded.imageFeatures()));
  }

  private Tensor language() {
    return llava
        .model()
        .loss(
            golden.input("input_ids"),
            golden.input("attention_mask"),
            golden.input("labels"),
            llava.model().encode(input("pixel_values")));
  }

  private DiffusionSupervisor supervisor(SupervisionConfig config, String loss) {
    return new DiffusionSupervisor(
        config,
        diffusion,
        LossExpression.parse(loss, "golden").build(network),
        adapters.root(),
        llava.config().text().hiddenSize(),
        llava.config().vision().hiddenSize());
  }

  private SupervisionConfig config(
      Set<Feature> features, Attention attention, SupervisionConfig.Reconstruct reconstruction) {
    int[] levels =
        Arrays.stream(new String[] {"low", "mid", "high"})
            .mapToInt(level -> golden.description().at("/settings/levels/" + level).asInt())
            .toArray();
    return new SupervisionConfig(
        new SupervisionConfig.Levels(levels[0], levels[1], levels[2]),
        features,
        AdapterConfig.linear(),
        attention,
        reconstruction,
        LossExpression.parse(
            golden.description().at("/settings/default_reconstruction_loss").asText(), "golden"),
        golden.description().at("/settings/reconstruction_weight").asDouble(),
        golden.description().at("/settings/picture_size").asInt(),
        everyTimestepAlike(),
        SupervisionConfig.defaults().tokens(),
        0,
        SupervisionConfig.defaults().balance());
  }

  /** Nothing weighed, no gradient bounded. */
  private static TimestepConfig everyTimestepAlike() {
    return new TimestepConfig(
        0,
        0.8,
        TimestepConfig.Density.UNIFORM,
        0,
        1,
        TimestepConfig.Weighting.NONE,
        0,
        new TimestepConfig.Epsilon(0, 0, 1));
  }

  private static SupervisionConfig.Reconstruct oneStep() {
    return SupervisionConfig.defaults().reconstruction();
  }

  /** The stored input's rows of records with a picture. */
  private Tensor input(String name) {
    Tensor stored = golden.input(name).index_select(0, rows);
    return stored.is_floating_point() ? stored.to(adapters.dtype()) : stored;
  }

  private long[] longs(String pointer) {
    List<Long> values = new ArrayList<>();
    golden.description().at(pointer).forEach(value -> values.add(value.asLong()));
    return values.stream().mapToLong(Long::longValue).toArray();
  }
}
