/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.List;
import org.dsvlm.models.diffusion.CrossAttentionCost;
import org.dsvlm.models.diffusion.PlainCrossAttentionCost;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.UNetPass;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/**
 * The operations of {@link DiffusionSupervisor#loss}.
 *
 * @param perceptualWidths channels of the perceptual network's stages
 * @param unetTrained whether the UNet's own weights are
 */
public record SupervisionCost(
    SupervisionConfig config,
    UNetConfig unet,
    VaeConfig vae,
    List<Long> perceptualWidths,
    boolean unetTrained) {

  /**
   * Writes them down.
   *
   * @param pictures of the batch
   * @param tokens of each feature of a picture
   * @param textWidth of the connector's output
   * @param imageWidth of the encoder's hidden states
   * @param encoderTrained whether the encoder is, and so its features have a gradient
   */
  public void record(
      Tape tape,
      double pictures,
      double tokens,
      double textWidth,
      double imageWidth,
      boolean encoderTrained) {
    List<MoeAttentionCost.Expert> contexts = new ArrayList<>();
    double shown = config.tokens().count(tokens);
    for (Feature feature : config.features()) {
      boolean text = feature == StandardFeature.TEXT;
      boolean own = feature instanceof OwnFeature;
      double contextTokens =
          AdapterCost.record(
              tape,
              config.adapter(),
              text || own || encoderTrained,
              pictures,
              own ? tokens : shown,
              width(feature, textWidth, imageWidth),
              unet.crossAttentionDim());
      // Text goes through the UNet's own keys and values.
      contexts.add(new MoeAttentionCost.Expert(contextTokens, unetTrained || !text));
    }
    SupervisionConfig.Reconstruct way = config.reconstruction();
    double noiseAlone = pictures * config.timesteps().epsilon().share();
    double noised = way.severalPasses() ? 0 : way.fromNoise() ? noiseAlone : pictures;
    double reconstructed = pictures - noiseAlone;
    int side = config.pictureSize();
    if (noised > 0) {
      vae.costOfEncoder(tape, noised, side, false);
    }
    if (way.unrolled()) {
      severalPasses(tape, pictures, contexts, way.steps(), way.gradientSteps());
    } else if (way.severalPasses()) {
      severalPasses(tape, pictures, contexts, way.noiseSteps(), way.noiseSteps());
    } else {
      unet.cost(tape, pass(pictures, contexts, false));
    }
    if (config.loss().comparesPictures()) {
      vae.costOfDecoder(tape, reconstructed, side, false);
    }
    for (LossExpression.Term term : config.loss().terms()) {
      double compared = term.loss().comparesPictures() ? reconstructed : noised;
      term.loss().cost(new LossCost(tape, perceptualWidths, compared, side));
    }
  }

  private static double width(Feature feature, double textWidth, double imageWidth) {
    return feature.width(Math.round(textWidth), Math.round(imageWidth));
  }

  private int latentSide() {
    return config.pictureSize() / vae.reduction();
  }

  private UNetPass pass(
      double pictures, List<MoeAttentionCost.Expert> contexts, boolean differentiated) {
    double crossWidth = unet.crossAttentionDim();
    double tokens = contexts.stream().mapToDouble(MoeAttentionCost.Expert::tokens).sum();
    CrossAttentionCost crossAttention =
        config.attention() == SupervisionConfig.Attention.MOE
            ? new MoeAttentionCost(unetTrained, pictures, contexts, crossWidth)
            : new PlainCrossAttentionCost(unetTrained, pictures, tokens, crossWidth);
    return new UNetPass(pictures, latentSide(), crossAttention, unetTrained, differentiated);
  }

  /**
   * Every step runs forward without a graph. The last ones, which pass gradients, run once more in
   * the backward pass, one after the other; a step's latents and contexts are one tensor there, so
   * the latents have a gradient too.
   */
  private void severalPasses(
      Tape tape,
      double pictures,
      List<MoeAttentionCost.Expert> contexts,
      int steps,
      int gradientSteps) {
    Tape step = new Tape((int) tape.width());
    unet.cost(step, pass(pictures, contexts, true));
    for (int i = 0; i < steps; i++) {
      step.operations().stream()
          .filter(operation -> operation.role() == Role.FORWARD)
          .forEach(tape.operations()::add);
    }
    for (int i = 0; i < gradientSteps; i++) {
      step.operations().stream()
          .map(SupervisionCost::inBackwardPass)
          .forEach(tape.operations()::add);
    }
    tape.enter(Part.UNET, true);
    tape.keepBytes(step.saved().getOrDefault(Part.UNET, 0.0));
  }

  private static Operation inBackwardPass(Operation operation) {
    return operation.role() == Role.FORWARD ? operation.as(Role.RECOMPUTATION) : operation;
  }
}
