/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.Batch;
import org.dsvlm.data.Prefetcher;
import org.dsvlm.data.RecordSource;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.llava.LlavaExport;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Determinism;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Threads;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeModels;
import org.dsvlm.train.recipe.TrainedPart;
import org.dsvlm.train.run.CheckpointFolder;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.ReconstructionLog;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.SessionLog;
import org.dsvlm.train.run.TensorBoardLog;
import org.dsvlm.train.run.TrainingListener;
import org.jspecify.annotations.Nullable;

/**
 * A whole run: stage 0 where an autoencoder has to be fitted, stages 1 and 2, checkpoints on the
 * way, the export at the end. A run that is resumed gives, bit for bit, what it would have given
 * without the interruption.
 */
public final class TrainingRun {
  /** Steps whose records are text alone may come first, but not this many. */
  private static final long STEPS_WITH_PICTURES = 20;

  private final ProcessGroup group;
  private final Recipe recipe;
  private final RunFolder folder;
  private final TrainingListener listener;
  private final BooleanSupplier stop;
  private final RandomState random;
  private final ScalarType dtype;

  private TrainingRun(
      ProcessGroup group,
      Recipe recipe,
      RunFolder folder,
      TrainingListener listener,
      BooleanSupplier stop) {
    this.group = group;
    this.recipe = recipe;
    this.folder = folder;
    this.listener =
        new PresentFolder(folder)
            .and(new SessionLog(folder.sessions(), recipe.device()))
            .and(listener);
    this.stop = stop;
    this.random = new RandomState(recipe.seed());
    this.dtype = DTypes.parse(recipe.precision());
  }

  /**
   * Trains by {@code recipe} in {@code folder}, from its latest checkpoint if it has one.
   *
   * @throws org.dsvlm.io.DsVlmException if the recipe, a model or the data is unfit
   */
  public static void run(Recipe recipe, RunFolder folder, TrainingListener listener) {
    run(recipe, folder, listener, () -> false);
  }

  /**
   * The same for a run that may be stopped.
   *
   * @param stop asked after every step; once it says true, a checkpoint is saved and the run ends
   *     there, to be gone on with later. Stage 0 has no checkpoints and begins anew then.
   * @return whether the run is done
   * @throws org.dsvlm.io.DsVlmException if the recipe, a model or the data is unfit
   */
  public static boolean run(
      Recipe recipe, RunFolder folder, TrainingListener listener, BooleanSupplier stop) {
    return run(ProcessGroup.alone(), recipe, folder, listener, stop);
  }

  /**
   * The same in one of several processes, which all call this. The first one alone writes into
   * {@code folder}, and tells its {@code listener}; a stop asked for in any stops all after the
   * same step.
   *
   * @throws org.dsvlm.io.DsVlmException if the recipe, a model or the data is unfit, or a process
   *     was lost
   */
  public static boolean run(
      ProcessGroup group,
      Recipe recipe,
      RunFolder folder,
      TrainingListener listener,
      BooleanSupplier stop) {
    check(recipe, group.size());
    // They are the whole process's, which may have other work.
    try (Threads.Held held = Threads.hold(threads(group, recipe));
        Determinism deterministic = Determinism.hold(recipe.deterministic())) {
      return new TrainingRun(group, recipe, folder, listener, stop).run();
    } catch (RuntimeException e) {
      throw Determinism.plain(e);
    }
  }

  /**
   * Looks at the recipe before a run is begun, so that a wrong value leaves no folder behind.
   *
   * @throws org.dsvlm.io.DsVlmException naming the key whose value is of no use
   */
  public static void check(Recipe recipe, int processes) {
    Torch.load();
    RecipeCheck.check(recipe, processes);
  }

  private static int threads(ProcessGroup group, Recipe recipe) {
    return recipe.threads() > 0
        ? recipe.threads()
        : Threads.wanted().sharedBy(group.launch().localSize()).count();
  }

  private boolean run() {
    try (RunData data = group.firstBeforeOthers(this::openData)) {
      try (LlavaStart llava = LlavaStart.of(recipe, data, random, dtype)) {
        if (recipe.supervised()) {
          String fitted = group.onFirst(() -> Boolean.toString(fittedAutoencoder(data)), stop);
          return Boolean.parseBoolean(fitted) && supervised(data, llava);
        }
        return unsupervised(data, llava);
      }
    }
  }

  /** Writes the files that the data needs into the run's folder, where they are missing. */
  private RunData openData() {
    RunData data = new RunData(recipe, folder, random, group.launch());
    try {
      DataFingerprint.check(folder.data(), recipe, data);
      return data;
    } catch (RuntimeException e) {
      data.close();
      throw e;
    }
  }

  /** Writes the results, in the first process. */
  private void write(Runnable results) {
    group.onFirst(
        () -> {
          folder.requireThere();
          results.run();
          return "";
        });
  }

  private TrainingListener listener(TensorBoardLog events) {
    return group.isFirst() ? events.and(listener) : TrainingListener.NONE;
  }

  private boolean unsupervised(RunData data, LlavaStart llava) {
    try (TensorBoardLog events = new TensorBoardLog(folder.tensorBoard())) {
      boolean done = train(data, llava, List.of(), null, events);
      if (done) {
        write(() -> export(data, llava));
      }
      return done;
    }
  }

  private boolean supervised(RunData data, LlavaStart llava) {
    Recipe.StableDiffusion settings = recipe.model().stableDiffusion();
    long pictures = group.isFirst() ? recipe.tensorboard().picturesEverySteps() : 0;
    Path path =
        settings.path().isEmpty()
            ? folder.stableDiffusion()
            : FilePath.model("recipe: model.stable_diffusion.path", settings.path());
    try (StableDiffusion diffusion = StableDiffusionFolder.open(path, dtype, recipe.device());
        TensorBoardLog events = new TensorBoardLog(folder.tensorBoard());
        SupervisionLoss supervision =
            new SupervisionLoss(
                recipe,
                llava.model(),
                diffusion,
                random,
                dtype,
                new ReconstructionLog(folder.reconstructions(), pictures, events))) {
      boolean done = train(data, llava, List.of(supervision), diffusion, events);
      if (done) {
        write(
            () -> {
              export(data, llava);
              supervision.write(folder.multiAdapter());
              if (recipe.trains(TrainedPart.UNET)) {
                StableDiffusionFolder.write(folder.stableDiffusion(), diffusion);
              }
              if (recipe.report().pictures() > 0) {
                filmStrip(data, llava, supervision);
              }
            });
      }
      return done;
    }
  }

  /** Of the first pictures that the run was shown. */
  private void filmStrip(RunData data, LlavaStart llava, SupervisionLoss supervision) {
    int stage = recipe.stage1().leftOut() ? 2 : 1;
    try (RecordSource records = data.records(stage);
        Prefetcher<RunData.Step> steps =
            data.steps(stage, records, llava.model().config(), 0, STEPS_WITH_PICTURES)) {
      boolean written = false;
      for (long i = 0; i < STEPS_WITH_PICTURES && !written; i++) {
        try (RunData.Step step = steps.next()) {
          Optional<Batch> seen =
              step.microBatches().stream().filter(batch -> batch.picture() != null).findFirst();
          seen.ifPresent(
              batch -> supervision.filmStrip(folder.filmStrip(), batch, recipe.report()));
          written = seen.isPresent();
        }
      }
    }
  }

  private void export(RunData data, LlavaStart llava) {
    if (llava.lora() != null) {
      LlavaStart.writeAdapter(folder.adapter(), llava.lora(), recipe.model());
      llava.lora().mergeForGood();
    }
    LlavaExport.write(
        folder.export(),
        llava.model().config(),
        llava.parameters().tensors(),
        data.modelFiles(),
        dtype);
  }

  /**
   * Makes sure that there is a diffusion model: the recipe's, or one drawn at random whose
   * autoencoder stage 0 fits.
   *
   * @return false if the run has to stop within stage 0
   */
  private boolean fittedAutoencoder(RunData data) {
    Recipe.StableDiffusion settings = recipe.model().stableDiffusion();
    if (!settings.path().isEmpty() || Files.exists(folder.stableDiffusion())) {
      return true;
    }
    RecipeModels sizes = RecipeModels.of(recipe.model());
    try (RecordSource records = data.records(0);
        StableDiffusion drawn =
            StableDiffusion.random(
                sizes.unet(),
                sizes.vae(),
                sizes.schedule(),
                random.fork("stable diffusion"),
                dtype,
                recipe.device());
        MetricsLog log = MetricsLog.after(0, folder.autoencoderMetrics());
        TensorBoardLog events = new TensorBoardLog(folder.autoencoderTensorBoard())) {
      AutoencoderTrainer trainer =
          new AutoencoderTrainer(recipe, data.pictures(records), records.size());
      boolean done =
          trainer.fit(
              drawn.vae(),
              drawn.vaeStore(),
              log,
              events.and(listener),
              () -> stop.getAsBoolean() || group.stopAsked());
      if (done) {
        StableDiffusionFolder.write(
            folder.stableDiffusion(), drawn.withScalingFactor(trainer.scalingFactor(drawn.vae())));
      }
      return done;
    }
  }

  private boolean train(
      RunData data,
      LlavaStart llava,
      List<AuxiliaryLoss> auxiliaries,
      @Nullable StableDiffusion diffusion,
      TensorBoardLog events) {
    TrainableParts parts =
        new TrainableParts(recipe, llava.parameters(), llava.lora(), auxiliaries, diffusion);
    GradientAccumulation accumulation =
        new GradientAccumulation(recipe, llava, auxiliaries, random);
    CheckpointFolder checkpoints =
        new CheckpointFolder(folder.checkpoints(), recipe.checkpoint().keep());
    return new Stages(group, recipe, data, llava.model().config(), parts, accumulation, checkpoints)
        .run(folder.metrics(), listener(events), stop);
  }
}
