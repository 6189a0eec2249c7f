/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.llava.Features;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaCheckpoint;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.supervision.FeatureTaps;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.TokenizedConversation;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.weights.safetensors.Safetensors;

/**
 * Stage 2 of the recipe {@code nano-scratch}, one step after the other on one batch of random
 * numbers: both losses, the backward pass, clipping, the update of everything but the autoencoder
 * and the perceptual network.
 */
final class TrainingStep implements AutoCloseable {
  /** The tokenizer's first ids, the picture's own among them. */
  private static final long SPECIAL_TOKENS = 16;

  private static final int TEXT_TOKENS = 32;
  private static final int ANSWER_TOKENS = 16;
  private static final int HIGHEST_TIMESTEP = 700;

  private final Recipe recipe = BenchmarkModels.recipe();
  private final SupervisionConfig config;
  private final LlavaCheckpoint checkpoint;
  private final StableDiffusion diffusion;
  private final PerceptualNetwork network;
  private final ParameterStore adapters;
  private final DiffusionSupervisor supervisor;
  private final AdamW optimizer;
  private final Inputs inputs;
  private Tensor pixelValues;
  private Tensor picture;
  private Tensor noise;
  private Tensor timesteps;
  private Tensor inputIds;
  private Tensor labels;

  TrainingStep(int batch, String dtypeName) {
    ScalarType dtype = DTypes.parse(dtypeName);
    Path folder = BenchmarkModels.supervision();
    config =
        SupervisionConfig.parse(read(folder.resolve("supervision.json")), BenchmarkModels.RECIPE);
    checkpoint = LlavaCheckpoint.open(BenchmarkModels.llava("nano"), dtype, "cpu");
    diffusion = StableDiffusionFolder.open(folder.resolve("stable_diffusion"), dtype, "cpu");
    network = BenchmarkModels.perceptual(folder, dtype);
    try (Safetensors file = Safetensors.open(folder.resolve("multi_adapter.safetensors"))) {
      adapters = ParameterStore.from(file, dtype, "cpu");
      supervisor =
          BenchmarkModels.supervisor(config, diffusion, network, adapters, checkpoint.config());
    }
    diffusion.vaeStore().setTrainable(name -> false);
    Map<String, Tensor> trained = new LinkedHashMap<>();
    for (ParameterStore store : List.of(checkpoint.parameters(), diffusion.unetStore(), adapters)) {
      store.setTrainable(name -> true).forEach((name, t) -> trained.put(trained.size() + name, t));
    }
    optimizer =
        new AdamW(
            List.of(new ParameterGroup("all", trained, recipe.stage2().learningRate(), 0)),
            recipe.optimizer().beta1(),
            recipe.optimizer().beta2(),
            recipe.optimizer().eps());
    inputs = new Inputs(dtypeName);
    draw(batch);
  }

  private static JsonNode read(Path file) {
    return JsonConfig.read(file).json();
  }

  /** Draws the batch; the peer does so in the same order. */
  private void draw(int batch) {
    int side = recipe.model().vision().config().path("image_size").asInt();
    int latents = config.pictureSize() / diffusion.vae().config().reduction();
    int channels = diffusion.vae().config().latentChannels();
    pixelValues = inputs.normal(batch, 3, side, side);
    picture = inputs.uniform(batch, 3, config.pictureSize(), config.pictureSize());
    noise = inputs.normal(batch, channels, latents, latents);
    try (PointerScope scope = new PointerScope()) {
      int vocabulary = recipe.model().language().config().path("vocab_size").asInt();
      Tensor text = wholeBelow(vocabulary - SPECIAL_TOKENS, batch, TEXT_TOKENS);
      text.add_(new Scalar(SPECIAL_TOKENS));
      Tensor image =
          torch.full(
              new long[] {batch, checkpoint.config().imageTokens()},
              new Scalar(checkpoint.config().imageToken()),
              Torch.options(ScalarType.Long));
      inputIds = Torch.keep(Torch.cat(1, image, text));
      labels = Torch.keep(inputIds.clone());
      labels
          .narrow(1, 0, inputIds.size(1) - ANSWER_TOKENS)
          .fill_(new Scalar(TokenizedConversation.IGNORED));
      timesteps = Torch.keep(wholeBelow(HIGHEST_TIMESTEP, batch));
    }
  }

  private static Tensor wholeBelow(long bound, long... shape) {
    return torch.rand(shape).mul(Torch.scalar(bound)).to(ScalarType.Long);
  }

  /** One step; the total loss before it. */
  double run() {
    try (PointerScope scope = new PointerScope()) {
      Llava llava = checkpoint.model();
      Features features = llava.encode(pixelValues);
      Tensor language = llava.loss(inputIds, null, labels, features);
      Tensor reconstruction =
          supervisor
              .loss(
                  FeatureTaps.take(
                      config,
                      llava.visionTower(),
                      features.hiddenStates(),
                      features.imageFeatures()),
                  picture,
                  timesteps,
                  noise)
              .loss();
      Tensor total =
          language
              .mul(Torch.scalar(recipe.languageWeight()))
              .add(reconstruction.mul(Torch.scalar(config.weight())));
      total.backward();
      optimizer.step(
          1, GradientClipping.of(optimizer.gradients()).factor(recipe.stage2().maxGradNorm()));
      optimizer.zeroGradients();
      return Torch.item(total);
    }
  }

  @Override
  public void close() {
    List<AutoCloseable> owned = new ArrayList<>(List.of(optimizer, supervisor, adapters, network));
    owned.addAll(List.of(diffusion, checkpoint, inputs, inputIds, labels, timesteps));
    for (AutoCloseable one : owned) {
      try {
        one.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
