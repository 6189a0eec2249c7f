/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.dsvlm.models.diffusion.UNetCost;
import org.dsvlm.models.diffusion.VaeCost;
import org.dsvlm.models.llama.LanguageCost;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.supervision.AdapterCost;
import org.dsvlm.supervision.Feature;
import org.dsvlm.supervision.LossCost;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.train.recipe.Recipe;

/** The operations of one micro batch, and those of the update that ends a step. */
final class StepCost {
  private final Recipe recipe;
  private final ModelSizes sizes;
  private final int stage;
  private final int bytes;
  private final boolean again;

  /**
   * Costs of a stage.
   *
   * @param bytes of an element of the model's type
   * @param again whether blocks of encoder and language model are computed again in the backward
   *     pass
   */
  StepCost(Recipe recipe, ModelSizes sizes, int stage, int bytes, boolean again) {
    this.recipe = recipe;
    this.sizes = sizes;
    this.stage = stage;
    this.bytes = bytes;
    this.again = again;
  }

  /** Stage 0: encoder and decoder of the autoencoder, on {@code pictures}. */
  Tape autoencoder(double pictures) {
    Tape tape = new Tape(bytes);
    VaeCost vae = new VaeCost(tape, sizes.vae(), pictures, true);
    int side = sizes.supervision().pictureSize();
    vae.encode(side);
    vae.decode(side);
    LossCost.difference(tape, pictures * sizes.vae().outChannels() * side * side);
    return tape;
  }

  /**
   * A micro batch.
   *
   * @param records of the language model
   * @param pictures of the encoder
   * @param tokens of each record in the language model, those of a picture included
   * @param answers tokens of the batch that the language loss is taken on
   */
  Tape microBatch(double records, double pictures, double tokens, double answers) {
    Tape tape = new Tape(bytes);
    boolean visionTrains = sizes.trains(Part.VISION_ENCODER, stage);
    if (pictures > 0) {
      sizes.vision().cost(tape, pictures, visionTrains, usedBlocks(), again);
      connector(tape, pictures, visionTrains);
    }
    if (recipe.languageWeight() > 0) {
      boolean adapts = sizes.trains(Part.LORA, stage);
      Predicate<String> adapted = adapts ? sizes.adapted() : path -> false;
      new LanguageCost(
              tape,
              sizes.language(),
              sizes.trains(Part.LANGUAGE_MODEL, stage),
              adapted,
              recipe.model().language().lora().rank(),
              again,
              records,
              tokens)
          .record(pictures > 0, answers);
    }
    if (pictures > 0 && sizes.supervision() != null) {
      supervision(tape, pictures, visionTrains);
    }
    return tape;
  }

  /** Blocks of the encoder that the connector or the supervision reads from. */
  private int usedBlocks() {
    VisionConfig vision = sizes.vision();
    int used = Math.floorMod(recipe.model().vision().featureLayer(), vision.layers() + 1);
    if (sizes.supervision() != null) {
      for (Feature feature : sizes.supervision().features()) {
        if (feature != Feature.TEXT) {
          used = Math.max(used, sizes.supervision().levels().block(feature));
        }
      }
    }
    return used;
  }

  private void connector(Tape tape, double pictures, boolean differentiated) {
    double rows = pictures * sizes.llava().imageTokens();
    double width = sizes.language().hiddenSize();
    tape.enter(Part.CONNECTOR, differentiated);
    tape.linear(rows, sizes.llava().connectorInput(), width, true, true);
    tape.activation(Operation.Function.GELU, rows * width);
    tape.linear(rows, width, width, true, true);
  }

  private void supervision(Tape tape, double pictures, boolean visionTrains) {
    SupervisionConfig config = sizes.supervision();
    List<Double> contexts = new ArrayList<>();
    for (Feature feature : config.features()) {
      boolean text = feature == Feature.TEXT;
      contexts.add(
          AdapterCost.record(
              tape,
              config.adapter(),
              text || visionTrains,
              pictures,
              sizes.llava().imageTokens(),
              text ? sizes.language().hiddenSize() : sizes.vision().hiddenSize(),
              sizes.unet().crossAttentionDim()));
    }
    int side = config.pictureSize();
    VaeCost vae = new VaeCost(tape, sizes.vae(), pictures, false);
    if (!config.reconstruction().unrolled()) {
      vae.encode(side);
    }
    unet(tape, pictures, contexts);
    if (config.loss().comparesPictures()) {
      vae.decode(side);
    }
    losses(tape, pictures, side);
  }

  private void unet(Tape tape, double pictures, List<Double> contexts) {
    SupervisionConfig config = sizes.supervision();
    int latentSide = config.pictureSize() / sizes.vae().reduction();
    UNetCost unet = unet(tape, config, pictures, contexts);
    SupervisionConfig.Reconstruct reconstruction = config.reconstruction();
    if (!reconstruction.unrolled()) {
      unet.record(latentSide);
      return;
    }
    // Steps that pass gradients run forward twice, and no more than one is kept at a time.
    int more = reconstruction.steps() + reconstruction.gradientSteps() - 1;
    Tape another = new Tape(bytes);
    unet(another, config, pictures, contexts).record(latentSide);
    for (int i = 0; i < more; i++) {
      another.operations().stream()
          .filter(operation -> operation.role() == Operation.Role.FORWARD)
          .forEach(tape.operations()::add);
    }
    for (int i = 0; i < reconstruction.gradientSteps() - 1; i++) {
      another.operations().stream()
          .filter(operation -> operation.role() != Operation.Role.FORWARD)
          .forEach(tape.operations()::add);
    }
    unet.record(latentSide);
  }

  private UNetCost unet(
      Tape into, SupervisionConfig config, double pictures, List<Double> contexts) {
    List<Boolean> trained =
        config.features().stream().sorted().map(feature -> feature != Feature.TEXT).toList();
    return new UNetCost(
        into,
        sizes.unet(),
        config.attention() == SupervisionConfig.Attention.MOE,
        trained,
        sizes.trains(Part.UNET, stage),
        pictures,
        contexts);
  }

  private void losses(Tape tape, double pictures, int side) {
    LossCost cost = new LossCost(tape, recipe.model().perceptual().widths(), pictures, side);
    sizes.supervision().loss().terms().forEach(term -> term.loss().cost(cost));
  }

  /** What ends a step: norm of the gradients and AdamW, which reads its clipping as a factor. */
  List<Operation> update(Memory memory, int microBatches) {
    List<Operation> operations = new ArrayList<>();
    for (Map.Entry<Part, Memory.PartMemory> entry : memory.parts().entrySet()) {
      Memory.PartMemory part = entry.getValue();
      if (part.gradients() > 0) {
        // Norm and AdamW each read the gradients once; AdamW reads and writes weights and states.
        // Every micro batch but the first adds its gradients to those before.
        double traffic =
            2 * (part.gradients() + part.weights() + part.optimizerStates())
                + 3 * (microBatches - 1) * part.gradients();
        operations.add(
            new Operation(
                Part.OPTIMIZER,
                Operation.Role.UPDATE,
                Operation.Kind.POINTWISE,
                Operation.shape(part.gradients() / bytes),
                0,
                traffic,
                microBatches * sizes.tensors(entry.getKey())));
      }
    }
    return operations;
  }
}
