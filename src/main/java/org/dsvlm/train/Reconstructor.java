/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.Calls;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.diffusion.DenoisingStrip;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.llava.Features;
import org.dsvlm.models.llava.LlavaPictures;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.supervision.FeatureHooks;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.supervision.ReconstructionLoss;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.NativeErrors;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.weights.WeightSource;

/**
 * Reconstructs a picture from its features alone, by the diffusion model of a finished run: the way
 * from noise to picture, as in the paper's Figure 5.
 */
public final class Reconstructor implements AutoCloseable {
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Calls calls = new Calls("the reconstructor", this::free);
  private final SupervisionConfig config;
  private final String device;
  private final ImageProcessor processor;
  private final LoadedLlava llava;
  private final StableDiffusion diffusion;
  private final DiffusionSupervisor supervisor;

  private Reconstructor(RunFolder run, Recipe recipe) {
    config = recipe.supervisionConfig();
    device = recipe.device();
    processor = LlavaPictures.read(run.export());
    try {
      llava = owned(LoadedLlava.open(run.export(), ScalarType.Float, device));
      Path folder =
          Files.exists(run.stableDiffusion())
              ? run.stableDiffusion()
              : FilePath.model(
                  "recipe: model.stable_diffusion.path", recipe.model().stableDiffusion().path());
      diffusion = owned(StableDiffusionFolder.open(folder, ScalarType.Float, device));
      try (WeightSource stored = MultiAdapterFile.open(run.multiAdapter())) {
        ParameterStore multiAdapter = owned(ParameterStore.from(stored, ScalarType.Float, device));
        supervisor =
            owned(
                new DiffusionSupervisor(
                    config,
                    diffusion,
                    new ReconstructionLoss.MeanAbsolute(),
                    multiAdapter.root(),
                    llava.config().text().hiddenSize(),
                    llava.config().vision().hiddenSize()));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T owned(T part) {
    parts.push(part);
    return part;
  }

  /**
   * Opens the run in {@code folder}.
   *
   * @throws DsVlmException if it is no run, not finished, or was trained without supervision
   */
  public static Reconstructor open(Path folder) {
    RunFolder run = RunFolder.reading(folder);
    Recipe recipe = RecipeReader.bind(RecipeReader.read(run.recipe()));
    if (!recipe.supervised()) {
      throw new DsVlmException(
          folder + ": was trained without supervision, so there is nothing that reconstructs");
    }
    if (!Files.isRegularFile(run.multiAdapter())) {
      throw new DsVlmException(run.multiAdapter() + ": is missing; has the run come to its end?");
    }
    Devices.require(recipe.device());
    return new Reconstructor(run, recipe);
  }

  /** The picture as the encoder sees it, before its levels are normalised. */
  public Picture seen(Picture picture) {
    return processor.resized(Arguments.given(picture, "picture"));
  }

  /**
   * Denoises from noise drawn by {@code seed}.
   *
   * @param steps of the DDIM sampler
   * @param stepsDone numbers of steps after which to look, rising, from 0 to {@code steps}
   * @return a square picture for each
   */
  public List<Picture> strip(Picture picture, int steps, int[] stepsDone, long seed) {
    Arguments.given(picture, "picture");
    Arguments.given(stepsDone, "stepsDone");
    return calls.run(
        () ->
            NativeErrors.plain(
                "the reconstruction", () -> stripped(picture, steps, stepsDone, seed)));
  }

  private List<Picture> stripped(Picture picture, int steps, int[] stepsDone, long seed) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Features features = llava.model().encode(placed(processor.pixelValues(picture).unsqueeze(0)));
      Map<String, Tensor> taken =
          FeatureHooks.take(
              config,
              llava.model().visionTower(),
              features.hiddenStates(),
              features.imageFeatures());
      long side = config.pictureSize() / diffusion.vae().config().reduction();
      Tensor noise =
          new RandomState(seed).normal(1, diffusion.vae().config().latentChannels(), side, side);
      return new DenoisingStrip(diffusion.unet(), diffusion.vae(), diffusion.schedule(), steps)
          .pictures(placed(noise), supervisor.contexts(taken), stepsDone).stream()
              .map(Reconstructor::picture)
              .toList();
    }
  }

  /** Where the models are. */
  private Tensor placed(Tensor tensor) {
    return tensor.to(Devices.of(device), ScalarType.Float);
  }

  /** x: [3, height, width] in [0, 1]. */
  private static Picture picture(Tensor x) {
    int height = (int) x.size(1);
    int width = (int) x.size(2);
    float[] values = Torch.floats(x.permute(1, 2, 0));
    byte[] rgb = new byte[values.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) Math.round(255 * values[i]);
    }
    return new Picture(width, height, rgb);
  }

  /** Waits for calls in flight, then frees the models; later calls are refused. */
  @Override
  public void close() {
    calls.close();
  }

  /** The latest model first. */
  private void free() {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        throw new DsVlmException("a model could not be closed: " + e.getMessage(), e);
      }
    }
  }
}
