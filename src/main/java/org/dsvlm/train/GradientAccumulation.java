/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.Batch;
import org.dsvlm.models.llava.Features;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.nn.Lora;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.TokenizedConversation;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.parallel.StepLosses;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.TrainedPart;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of stages 1 and 2: the language loss of LLaVA, and any auxiliary losses over the
 * same features, over the micro batches of a step.
 *
 * <p>Each micro batch is weighed by its share of the step's answer tokens (language loss) and
 * pictures (auxiliary losses), so that the gradient is that of the whole step in one batch.
 */
final class GradientAccumulation {
  private static final String LANGUAGE = "language";

  private final Llava llava;
  private final @Nullable Lora lora;
  private final RandomState random;
  private final List<AuxiliaryLoss> auxiliaries;
  private final Recipe recipe;
  private final ScalarType dtype;
  private final int instrumentRecords;

  /**
   * Makes the model of {@code start} ready for the passes of {@code recipe}.
   *
   * @param random the run's
   */
  GradientAccumulation(
      Recipe recipe, LlavaStart start, List<AuxiliaryLoss> auxiliaries, RandomState random) {
    this.llava = start.model();
    this.lora = start.lora();
    this.random = random.fork("lora dropout");
    this.auxiliaries = List.copyOf(auxiliaries);
    this.recipe = recipe;
    this.dtype = DTypes.parse(recipe.precision());
    this.instrumentRecords = recipe.instruments().records();
    llava.languageModel().model().setCheckpointing(recipe.activationCheckpointing());
  }

  /** Where a run stands. */
  record Position(int stage, long stageStep, long stageSteps, long stepsBefore) {
    /** Steps of stages 1 and 2 done before, those of the runs that this one continues included. */
    long step() {
      return stepsBefore + stageStep;
    }
  }

  /** Makes the model ready for the passes of the stage numbered {@code number}. */
  void enter(int number) {
    // A frozen encoder keeps no activations.
    llava
        .visionTower()
        .setCheckpointing(
            recipe.activationCheckpointing()
                && recipe.rate(number, TrainedPart.VISION).isPresent());
  }

  /**
   * Instruments that read the model through a stage.
   *
   * @param budget of the run
   * @param groups of all parameters that the stage trains
   * @param pictures gives at most that many to look at; null in a process that does not measure
   * @param labelled shows a probe the pictures of which something is known
   */
  Instruments instruments(
      InstrumentSchedule schedule,
      InstrumentBudget budget,
      List<ParameterGroup> groups,
      IntFunction<@Nullable FixedPictures> pictures,
      Consumer<FeatureProbe> labelled) {
    List<String> losses =
        new ArrayList<>(recipe.languageWeight() > 0 ? List.of(LANGUAGE) : List.of());
    auxiliaries.forEach(auxiliary -> losses.add(auxiliary.name()));
    return new Instruments(
        llava,
        dtype,
        auxiliaries,
        schedule,
        budget,
        groups,
        losses,
        auxiliaries.isEmpty() ? null : pictures.apply(instrumentRecords),
        labelled);
  }

  /**
   * Forward and backward passes over one step's micro batches; gradients add up at the parameters.
   *
   * @param exchange with other processes, which have the other micro batches of the step
   * @param gradients takes note of each loss's own gradient; null in most steps
   */
  StepLosses run(
      List<Batch> microBatches,
      Position position,
      GradientExchange exchange,
      @Nullable LossGradients gradients) {
    double[] counts =
        exchange.begin(
            microBatches.size(),
            microBatches.stream().mapToLong(GradientAccumulation::answerTokens).sum(),
            microBatches.stream().mapToLong(GradientAccumulation::pictures).sum());
    StepLosses losses = new StepLosses();
    for (int i = 0; i < microBatches.size(); i++) {
      exchange.beginMicroBatch(i == microBatches.size() - 1);
      try (PointerScope scope = new PointerScope()) {
        Batch batch = microBatches.get(i);
        FeatureBoundary boundary = accumulate(batch, counts[0], counts[1], position, losses);
        if (gradients != null && boundary != null) {
          gradients.add(boundary, () -> encode(batch), exchange);
        }
      }
    }
    if (gradients != null) {
      // A process may still have buckets to send, and all must sum up in one order.
      exchange.finishGradients();
      gradients.finish(exchange);
    }
    return losses;
  }

  /**
   * Gives the boundary that the losses' gradients have passed; null without pictures.
   *
   * @param answers of the whole step
   * @param pictures of the whole step
   */
  private @Nullable FeatureBoundary accumulate(
      Batch batch, double answers, double pictures, Position position, StepLosses losses) {
    losses.addSamples(batch.size());
    if (lora != null) {
      lora.setDropout(
          Arrays.stream(batch.sampleIds())
              .mapToObj(id -> random.fork(id).fork(position.step()))
              .toList());
    }
    FeatureBoundary boundary = pictures(batch) > 0 ? new FeatureBoundary(encode(batch)) : null;
    Features features = boundary == null ? null : boundary.features();
    double languageWeight = recipe.languageWeight() * factor(LANGUAGE, position);
    if (languageWeight > 0) {
      language(batch, features, languageWeight, answerTokens(batch) / answers, losses);
      if (boundary != null) {
        boundary.take(LANGUAGE);
      }
    }
    if (boundary != null && features != null) {
      for (AuxiliaryLoss auxiliary : auxiliaries) {
        double factor = factor(auxiliary.name(), position);
        if (factor * auxiliary.weight() > 0) {
          boolean reaches = auxiliary.reachesFeatures(position.step());
          auxiliary(
              auxiliary,
              batch,
              reaches ? features : FeatureBoundary.detached(features),
              factor * auxiliary.weight(),
              pictures(batch) / pictures,
              position.step(),
              losses);
          boundary.take(auxiliary.name());
          double ratio = reaches ? factor * auxiliary.balance() : 0;
          if (ratio > 0) {
            boundary.balance(auxiliary.name(), ratio);
          }
        }
      }
      boundary.backward();
    }
    return boundary;
  }

  /**
   * The losses of {@code batch} without gradients and dropout, at a fixed draw of each record; for
   * null the same losses of no records.
   */
  List<Validation.Loss> evaluate(@Nullable Batch batch) {
    List<Validation.Loss> losses = new ArrayList<>();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      if (lora != null) {
        lora.setDropout(null);
      }
      long pictures = batch == null ? 0 : pictures(batch);
      Features features = batch == null || pictures == 0 ? null : encode(batch);
      if (recipe.languageWeight() > 0) {
        long answers = batch == null ? 0 : answerTokens(batch);
        double mean =
            batch == null
                ? 0
                : Torch.item(
                    llava.loss(batch.inputIds(), batch.attentionMask(), batch.labels(), features));
        losses.add(new Validation.Loss(LANGUAGE, recipe.languageWeight(), mean * answers, answers));
      }
      for (AuxiliaryLoss auxiliary : auxiliaries) {
        double mean =
            batch == null || features == null
                ? 0
                : Torch.item(auxiliary.loss(features, batch, AuxiliaryLoss.FIXED_DRAW).loss());
        losses.add(
            new Validation.Loss(auxiliary.name(), auxiliary.weight(), mean * pictures, pictures));
      }
    }
    return losses;
  }

  private double factor(String loss, Position position) {
    return recipe
        .stage(position.stage())
        .losses()
        .of(loss)
        .factor(position.stageStep(), position.stageSteps());
  }

  private Features encode(Batch batch) {
    Tensor pixelValues = Objects.requireNonNull(batch.pixelValues());
    return llava.encode(Torch.onto(pixelValues, llava.languageModel().device(), dtype));
  }

  /** Goes backward from {@code share} of the batch's language loss. */
  private void language(
      Batch batch, @Nullable Features features, double weight, double share, StepLosses losses) {
    try (PointerScope scope = new PointerScope()) {
      Tensor loss = llava.loss(batch.inputIds(), batch.attentionMask(), batch.labels(), features);
      losses.add(LANGUAGE, loss, share, weight);
      backward(loss, weight * share);
    }
  }

  /** Goes backward from {@code share} of an auxiliary loss. */
  private static void auxiliary(
      AuxiliaryLoss auxiliary,
      Batch batch,
      Features features,
      double weight,
      double share,
      long step,
      StepLosses losses) {
    try (PointerScope scope = new PointerScope()) {
      AuxiliaryLoss.Outcome outcome = auxiliary.loss(features, batch, step);
      losses.add(auxiliary.name(), outcome.loss(), share, weight);
      if (outcome.router() != null) {
        losses.addRouter(outcome.router(), share);
      }
      backward(outcome.loss(), weight * share);
    }
  }

  /** With a frozen language model, a batch of text alone trains nothing. */
  private static void backward(Tensor loss, double factor) {
    if (loss.requires_grad()) {
      loss.mul(Torch.scalar(factor)).backward();
    }
  }

  /**
   * Labels that the language loss of {@code batch} is the mean over: a first token has no context.
   */
  private static long answerTokens(Batch batch) {
    Tensor labels = batch.labels();
    return Torch.tidy(
            () ->
                labels
                    .narrow(1, 1, labels.size(1) - 1)
                    .ne(new Scalar(TokenizedConversation.IGNORED))
                    .sum())
        .item_long();
  }

  private static long pictures(Batch batch) {
    return batch.pixelValues() == null ? 0 : batch.pixelValues().size(0);
  }
}
