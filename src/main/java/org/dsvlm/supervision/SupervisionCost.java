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
    for (Feature feature : config.features().stream().sorted().toList()) {
      boolean text = feature == Feature.TEXT;
      double contextTokens =
          AdapterCost.record(
              tape,
              config.adapter(),
              text || encoderTrained,
              pictures,
              tokens,
              text ? textWidth : imageWidth,
              unet.crossAttentionDim());
      // Text goes through the UNet's own keys and values.
      contexts.add(new MoeAttentionCost.Expert(contextTokens, unetTrained || !text));
    }
    int side = config.pictureSize();
    if (config.reconstruction().unrolled()) {
      unrolled(tape, pictures, contexts);
    } else {
      vae.costOfEncoder(tape, pictures, side, false);
      unet.cost(tape, pass(pictures, contexts, false));
    }
    if (config.loss().comparesPictures()) {
      vae.costOfDecoder(tape, pictures, side, false);
    }
    losses(tape, pictures, side);
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
  private void unrolled(Tape tape, double pictures, List<MoeAttentionCost.Expert> contexts) {
    Tape step = new Tape((int) tape.width());
    unet.cost(step, pass(pictures, contexts, true));
    for (int i = 0; i < config.reconstruction().steps(); i++) {
      step.operations().stream()
          .filter(operation -> operation.role() == Role.FORWARD)
          .forEach(tape.operations()::add);
    }
    for (int i = 0; i < config.reconstruction().gradientSteps(); i++) {
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

  private void losses(Tape tape, double pictures, int side) {
    LossCost cost = new LossCost(tape, perceptualWidths, pictures, side);
    config.loss().terms().forEach(term -> term.loss().cost(cost));
  }
}
