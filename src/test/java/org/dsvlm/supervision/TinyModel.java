/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * A DS-VLM without its language model, random and small enough for finite differences: CLIP tower,
 * connector, adapters, UNet, VAE and VGG. Nothing of it starts at zero, routers included, so that
 * no gradient vanishes by accident.
 */
final class TinyModel implements AutoCloseable {
  static final int PICTURE = 16;
  static final int LATENT = 8;
  static final int CROSS_WIDTH = 8;
  static final long VISION_WIDTH = 8;
  static final long TEXT_WIDTH = 12;

  private static final SupervisionConfig.Levels LEVELS = new SupervisionConfig.Levels(1, 2, 3);

  private static final String VISION =
      """
      {"model_type": "clip_vision_model", "hidden_size": 8, "intermediate_size": 16,
       "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 8, "patch_size": 4}\
      """;

  static final String UNET =
      """
      {"_class_name": "UNet2DConditionModel", "sample_size": 8, "block_out_channels": [8, 8],
       "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
       "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "layers_per_block": 1,
       "attention_head_dim": 2, "cross_attention_dim": 8, "norm_num_groups": 4}\
      """;

  static final String VAE =
      """
      {"_class_name": "AutoencoderKL", "block_out_channels": [4, 8],
       "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
       "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "norm_num_groups": 2,
       "scaling_factor": 0.7}\
      """;

  final ParameterStore llavaStore;
  final StableDiffusion stableDiffusion;
  final ParameterStore adapterStore;
  final DiffusionSupervisor supervisor;
  final SupervisionConfig config;
  final ScalarType dtype;

  private final PerceptualNetwork network;
  private final VisionTower tower;
  private final Linear linear1;
  private final Linear linear2;

  TinyModel(String settings, ScalarType dtype) {
    this(settings, dtype, ParameterStore.random(new RandomState(8), dtype, "cpu"));
    disturb(adapterStore);
  }

  /** With adapters and experts of {@code adapterStore}, which the model takes over. */
  TinyModel(String settings, ScalarType dtype, ParameterStore adapterStore) {
    this.dtype = dtype;
    this.adapterStore = adapterStore;
    RandomState random = new RandomState(7);
    llavaStore = ParameterStore.random(random.fork("llava"), dtype, "cpu");
    stableDiffusion =
        StableDiffusion.random(
            UNetConfig.parse(json(UNET), "test"),
            VaeConfig.parse(json(VAE), "test"),
            NoiseSchedule.stableDiffusion(),
            random,
            dtype,
            "cpu");
    network = PerceptualNetwork.random(random, new long[] {4, 4, 6, 6, 6}, dtype, "cpu");
    tower =
        VisionConfig.parse(json(VISION), "test")
            .tower(llavaStore.root().at("vision_tower.vision_model"));
    Parameters connector = llavaStore.root().at("multi_modal_projector");
    linear1 = Linear.withBias(connector.at("linear_1"), VISION_WIDTH, TEXT_WIDTH);
    linear2 = Linear.withBias(connector.at("linear_2"), TEXT_WIDTH, TEXT_WIDTH);
    config = config(settings);
    supervisor =
        new DiffusionSupervisor(
            config,
            stableDiffusion,
            config.loss().build(network),
            adapterStore.root(),
            TEXT_WIDTH,
            VISION_WIDTH);
    disturb(llavaStore);
  }

  /** {@code settings}: a JSON object of the recipe's keys, over the tiny model's sizes. */
  private static SupervisionConfig config(String settings) {
    SupervisionConfig given = SupervisionConfig.parse(json(settings), "test");
    return new SupervisionConfig(
        LEVELS,
        given.features(),
        given.adapter(),
        given.attention(),
        given.reconstruction(),
        given.loss(),
        given.weight(),
        PICTURE,
        given.timesteps(),
        given.tokens(),
        given.warmupSteps(),
        given.balance());
  }

  static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void disturb(ParameterStore store) {
    RandomState random = new RandomState(9);
    try (NoGradGuard guard = new NoGradGuard()) {
      store
          .tensors()
          .forEach(
              (name, tensor) ->
                  tensor.add_(
                      random
                          .fork(name)
                          .normal(Torch.shape(tensor))
                          .mul(Torch.scalar(0.3))
                          .to(tensor)));
    }
  }

  /** The parameters that the language loss does not need to reach, made trainable, by name. */
  Map<String, Tensor> trainable() {
    Map<String, Tensor> all = new TreeMap<>(llavaStore.setTrainable(name -> true));
    all.putAll(adapterStore.setTrainable(name -> true));
    return all;
  }

  /** Features of {@code pictures} random pictures, with their graph. */
  Map<String, Tensor> features(int pictures) {
    Tensor pixels = random("pixels", pictures, 3, 8, 8);
    List<Tensor> states = tower.hiddenStates(pixels);
    Tensor patches = tower.patches(states.get(2));
    Tensor imageFeatures = linear2.forward(torch.gelu(linear1.forward(patches)));
    return new LinkedHashMap<>(FeatureHooks.take(config, tower, states, imageFeatures));
  }

  /** One supervised forward pass over random pictures, timesteps and noise. */
  DiffusionSupervisor.Result forward(int pictures) {
    long[] timesteps = new long[pictures];
    for (int i = 0; i < pictures; i++) {
      timesteps[i] = 101 + 300L * i;
    }
    return supervisor.loss(
        features(pictures),
        random("picture", pictures, 3, PICTURE, PICTURE).clamp(minusOne(), one()),
        Torch.of(timesteps, pictures),
        random("noise", pictures, 4, LATENT, LATENT));
  }

  /** The same as the settings weigh it. */
  DiffusionSupervisor.Result drawn(int pictures) {
    long[] timesteps = new long[pictures];
    for (int i = 0; i < pictures; i++) {
      timesteps[i] = 101 + 300L * i;
    }
    return supervisor.loss(
        features(pictures),
        random("picture", pictures, 3, PICTURE, PICTURE).clamp(minusOne(), one()),
        new SupervisionDraw(
            Torch.of(timesteps, pictures), random("noise", pictures, 4, LATENT, LATENT), null));
  }

  Tensor random(String purpose, long... shape) {
    return new RandomState(11).fork(purpose).normal(shape).to(dtype);
  }

  private static ScalarOptional minusOne() {
    return new ScalarOptional(Torch.scalar(-1));
  }

  private static ScalarOptional one() {
    return new ScalarOptional(Torch.scalar(1));
  }

  @Override
  public void close() {
    supervisor.close();
    network.close();
    stableDiffusion.close();
    llavaStore.close();
    adapterStore.close();
  }
}
