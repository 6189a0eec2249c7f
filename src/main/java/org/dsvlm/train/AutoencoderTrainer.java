/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.SampleOrder;
import org.dsvlm.models.diffusion.Moments;
import org.dsvlm.models.diffusion.Vae;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.CosineWithWarmup;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.parallel.StepLosses;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.TrainingListener;

/**
 * Stage 0: fits an autoencoder that starts at random, by the mean absolute error of the decoded
 * pictures and a light pull of the latents towards a standard normal (Kingma and Welling 2014).
 */
final class AutoencoderTrainer {
  /** Number of pictures on which the latents' scale is measured. */
  private static final int SCALE_SAMPLES = 256;

  /** The pictures that it is fitted on. */
  @FunctionalInterface
  interface Pictures {
    /** The picture {@code index} as the pass {@code epoch} shows it, [3, side, side] in [-1, 1]. */
    Tensor get(int index, long epoch);
  }

  private final Recipe recipe;
  private final RandomState random;
  private final ScalarType dtype;
  private final Pictures pictures;
  private final SampleOrder order;

  /** A trainer on {@code count} pictures. */
  AutoencoderTrainer(Recipe recipe, Pictures pictures, long count) {
    this.recipe = recipe;
    this.random = new RandomState(recipe.seed()).fork("stage0");
    this.dtype = DTypes.parse(recipe.precision());
    this.pictures = pictures;
    this.order = SampleOrder.shuffled(random.seed(), count);
  }

  /**
   * Trains {@code vae}, whose parameters {@code store} holds; leaves them frozen.
   *
   * @param stop asked after every step whether the run has to stop
   * @return whether the fit came to its end
   */
  boolean fit(
      Vae vae,
      ParameterStore store,
      MetricsLog log,
      TrainingListener listener,
      BooleanSupplier stop) {
    Recipe.AutoencoderStage stage = recipe.stage0();
    Map<String, Tensor> parameters = store.setTrainable(name -> true);
    ParameterGroup group = new ParameterGroup(Part.VAE.key(), parameters, stage.learningRate(), 0);
    Recipe.Optimizer settings = recipe.optimizer();
    CosineWithWarmup schedule = CosineWithWarmup.ofRatio(stage.warmupRatio(), stage.maxSteps());
    try (AdamW optimizer = settings.over(List.of(group))) {
      SkippedSteps skipped =
          new SkippedSteps(recipe.maxSkippedInARow(), step -> "Stage 0 makes no checkpoints");
      GradientExchange alone = GradientExchange.alone(List.of(group));
      TrainingStep step =
          new TrainingStep(
              0,
              0,
              done -> losses(vae, done),
              alone,
              optimizer,
              schedule,
              stage.maxGradNorm(),
              skipped);
      return new StageLoop(step, skipped).run(0, log, listener, done -> !stop.getAsBoolean());
    } finally {
      store.setTrainable(name -> false);
    }
  }

  private StepLosses losses(Vae vae, long step) {
    Recipe.AutoencoderStage stage = recipe.stage0();
    Tensor picture = batch(step * stage.batchSize(), stage.batchSize());
    Moments moments = vae.encode(picture);
    Tensor noise = random.fork("noise").fork(step).normal(Torch.shape(moments.mean())).to(picture);
    Tensor error = vae.decode(moments.sample(noise)).sub(picture).abs().mean();
    Tensor divergence = divergence(moments);
    error.add(divergence.mul(Torch.scalar(stage.klWeight()))).backward();
    StepLosses losses = new StepLosses();
    losses.add("autoencoder", error, 1, 1);
    losses.add("kl", divergence, 1, stage.klWeight());
    losses.addSamples(stage.batchSize());
    return losses;
  }

  /** Mean over all latents of the divergence from the standard normal: ½ (μ² + σ² − 1 − ln σ²). */
  private static Tensor divergence(Moments moments) {
    return Torch.tidy(
        () ->
            moments
                .mean()
                .square()
                .add(moments.logvar().exp())
                .sub(moments.logvar())
                .sub(Torch.scalar(1))
                .mean()
                .mul(Torch.scalar(0.5)));
  }

  /** The factor that gives the latents of {@code vae} a standard deviation of one. */
  double scalingFactor(Vae vae) {
    try (PointerScope scope = new PointerScope()) {
      int count = (int) Math.min(SCALE_SAMPLES, order.size());
      int atOnce = recipe.stage0().batchSize();
      List<Tensor> means = new ArrayList<>();
      // In the steps' batches, so that it takes no more memory than they do.
      for (int first = 0; first < count; first += atOnce) {
        Tensor some = batch(first, Math.min(atOnce, count - first));
        means.add(Torch.withoutGradient(() -> vae.encode(some).mean()));
        some.close();
      }
      Tensor all = Torch.cat(0, means.toArray(Tensor[]::new));
      return 1 / Torch.item(all.to(ScalarType.Double).std());
    }
  }

  private Tensor batch(long first, int count) {
    return Torch.tidy(
        () -> {
          Tensor[] rows = new Tensor[count];
          for (int i = 0; i < count; i++) {
            rows[i] = pictures.get((int) order.index(first + i), order.epoch(first + i));
          }
          return Torch.stack(0, rows).to(Devices.of(recipe.device()), dtype);
        });
  }
}
