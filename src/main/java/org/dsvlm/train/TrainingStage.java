/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.Batch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.OpenState;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.supervision.SupervisionDraw;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.CosineWithWarmup;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.recipe.Recipe;
import org.jspecify.annotations.Nullable;

/**
 * Stage 1 or 2 of a recipe in one process, over pretrained models and over batches that the caller
 * brings: for a loop that is not a {@link TrainingRun}'s, such as a benchmark's. The recipe names
 * the folders of the LLaVA and, with supervision, of the diffusion model; the supervision's own
 * parameters start at random.
 */
public final class TrainingStage implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final OpenState open = new OpenState("the stage");
  private final LlavaStart llava;
  private final @Nullable SupervisionLoss supervision;
  private final TrainingStep step;

  private TrainingStage(
      Recipe recipe, int number, long steps, LongFunction<List<Batch>> microBatches) {
    RandomState random = new RandomState(recipe.seed());
    ScalarType dtype = DTypes.parse(recipe.precision());
    try {
      llava = own(LlavaStart.whole(recipe, random, dtype));
      StableDiffusion diffusion = null;
      if (recipe.supervised()) {
        Path path =
            FilePath.model(
                "recipe: model.stable_diffusion.path", recipe.model().stableDiffusion().path());
        diffusion = own(StableDiffusionFolder.open(path, dtype, recipe.device()));
        supervision =
            own(new SupervisionLoss(recipe, llava.model(), diffusion, random, dtype, null));
      } else {
        supervision = null;
      }
      List<AuxiliaryLoss> auxiliaries = supervision == null ? List.of() : List.of(supervision);
      List<ParameterGroup> groups =
          new TrainableParts(recipe, llava.parameters(), llava.lora(), auxiliaries, diffusion)
              .enter(number);
      GradientExchange alone = GradientExchange.alone(groups);
      AdamW optimizer = own(recipe.optimizer().over(groups));
      GradientAccumulation accumulation =
          new GradientAccumulation(recipe, llava, auxiliaries, random);
      accumulation.enter(number);
      Recipe.Stage settings = recipe.stage(number);
      step =
          new TrainingStep(
              number,
              0,
              done -> {
                open.require();
                return accumulation.run(
                    microBatches.apply(done),
                    new GradientAccumulation.Position(number, done, steps, recipe.stepsBefore()),
                    alone,
                    null);
              },
              alone,
              optimizer,
              CosineWithWarmup.ofRatio(settings.warmupRatio(), steps),
              settings.maxGradNorm(),
              new SkippedSteps(recipe.maxSkippedInARow(), last -> ""));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens the models for {@code number}, 1 or 2.
   *
   * @param steps of the whole stage, for the learning rate's schedule
   * @param microBatches gives those of a step, from the number of steps done; they stay the
   *     caller's
   * @throws DsVlmException if the recipe names no folder of a LLaVA or of a diffusion model, or one
   *     of them is unfit
   */
  public static TrainingStage open(
      Recipe recipe, int number, long steps, LongFunction<List<Batch>> microBatches) {
    require("model.llava", recipe.model().llava());
    if (recipe.supervised()) {
      require("model.stable_diffusion.path", recipe.model().stableDiffusion().path());
    }
    Devices.require(recipe.device());
    return new TrainingStage(recipe, number, steps, microBatches);
  }

  private static void require(String key, String folder) {
    if (folder.isEmpty()) {
      throw new DsVlmException("recipe: " + key + " is empty; set it to the model's folder");
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  /** The step, one call of which follows the other. */
  public TrainingStep step() {
    open.require();
    return step;
  }

  /** The model that is trained. */
  public LlavaConfig config() {
    return llava.model().config();
  }

  /** Timesteps and noise of the pictures of {@code batch} at a step. Only with supervision. */
  public SupervisionDraw draw(Batch batch, long stageStep) {
    return supervision().draw(batch, stageStep);
  }

  /** Writes the supervision's own parameters as they are now. Only with supervision. */
  public void writeMultiAdapter(Path file) {
    supervision().write(file);
  }

  private SupervisionLoss supervision() {
    open.require();
    return Objects.requireNonNull(supervision, "the recipe has no supervision");
  }

  @Override
  public void close() {
    open.close();
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
