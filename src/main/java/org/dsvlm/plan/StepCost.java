/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.llama.LanguagePass;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.supervision.LossCost;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.supervision.SupervisionCost;
import org.dsvlm.train.recipe.Recipe;

/** The operations of one micro batch, and those of the update that ends a step. */
final class StepCost {
  private static final double FLOAT32 = 4;

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
    ModelSizes.Supervision supervision = sizes.supervision().orElseThrow();
    VaeConfig vae = supervision.vae();
    int side = supervision.config().pictureSize();
    vae.costOfEncoder(tape, pictures, side, true);
    vae.costOfDecoder(tape, pictures, side, true);
    LossCost.difference(tape, pictures * vae.outChannels() * side * side);
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
      sizes.llava().costOfConnector(tape, pictures, visionTrains);
    }
    if (recipe.hasLanguageLoss(stage)) {
      boolean adapts = sizes.trains(Part.LORA, stage);
      Predicate<String> adapted = adapts ? sizes.adapted() : path -> false;
      LanguagePass pass =
          new LanguagePass(
              records,
              tokens,
              answers,
              sizes.trains(Part.LANGUAGE_MODEL, stage),
              adapted,
              recipe.model().language().lora().rank(),
              pictures > 0,
              again);
      sizes.language().family().cost(tape, sizes.language(), pass);
    }
    if (pictures > 0 && recipe.hasReconstructionLoss(stage)) {
      sizes.supervision().ifPresent(added -> supervise(tape, added, pictures, visionTrains));
    }
    return tape;
  }

  /** The supervision of {@code pictures} alone. */
  Tape supervision(double pictures) {
    Tape tape = new Tape(bytes);
    sizes.supervision().ifPresent(added -> supervise(tape, added, pictures, false));
    return tape;
  }

  /** Encoder and connector on {@code pictures}. */
  Tape encoder(double pictures) {
    Tape tape = new Tape(bytes);
    boolean visionTrains = sizes.trains(Part.VISION_ENCODER, stage);
    sizes.vision().cost(tape, pictures, visionTrains, usedBlocks(), again);
    sizes.llava().costOfConnector(tape, pictures, visionTrains);
    return tape;
  }

  private void supervise(
      Tape tape, ModelSizes.Supervision added, double pictures, boolean visionTrains) {
    new SupervisionCost(
            added.config(),
            added.unet(),
            added.vae(),
            recipe.model().perceptual().widths(),
            sizes.trains(Part.UNET, stage))
        .record(
            tape,
            pictures,
            sizes.llava().imageTokens(),
            sizes.language().hiddenSize(),
            sizes.vision().hiddenSize(),
            visionTrains);
  }

  /** Blocks of the encoder that the connector or the supervision reads from. */
  private int usedBlocks() {
    VisionConfig vision = sizes.vision();
    int used = Math.floorMod(recipe.model().vision().featureLayer(), vision.layers() + 1);
    if (sizes.supervision().isPresent()) {
      SupervisionConfig config = sizes.supervision().get().config();
      for (int block : config.blocks().values()) {
        used = Math.max(used, block);
      }
    }
    return used;
  }

  /**
   * The end of a step: the norm of the gradients, and AdamW, which reads its clipping as a factor.
   */
  List<Operation> update(Memory memory, int microBatches) {
    List<Operation> operations = new ArrayList<>();
    for (Map.Entry<Part, Memory.PartMemory> entry : memory.parts().entrySet()) {
      Memory.PartMemory part = entry.getValue();
      if (part.gradients() > 0) {
        // Norm and AdamW each read the gradients once; AdamW reads and writes weights and states.
        // Every micro batch but the first adds its gradients to those before, and the first too
        // where they add up in float32.
        double count = sizes.parameters(entry.getKey());
        double sums = count * Math.max(FLOAT32, part.weights() / count);
        double traffic =
            2 * (sums + part.weights() + part.optimizerStates())
                + (sums > part.weights()
                    ? microBatches * (2 * sums + part.weights())
                    : 3 * (microBatches - 1) * sums);
        operations.add(
            new Operation(
                Part.OPTIMIZER,
                Operation.Role.UPDATE,
                OperationType.POINTWISE,
                Operation.shape(part.weights() / bytes),
                0,
                traffic,
                microBatches * sizes.tensors(entry.getKey())));
      }
    }
    return operations;
  }
}
