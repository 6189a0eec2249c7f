/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** The operations of a CLIP or SigLIP encoder, as {@code EncoderLayer} computes them. */
final class VisionCost {
  private VisionCost() {}

  /**
   * Writes them down.
   *
   * @param used blocks that a loss depends on; the blocks above have no backward pass
   * @param again whether blocks are computed again in the backward pass
   */
  static void record(
      Tape tape, VitConfig config, double pictures, boolean trained, int used, boolean again) {
    double tokens = config.patches() + config.classTokens();
    double width = config.hiddenSize();
    double side = Math.sqrt(config.patches());
    tape.enter(Part.VISION_ENCODER, false);
    if (!trained) {
      tape.withoutGraph();
    }
    tape.convolution(
        pictures,
        side,
        side,
        config.channels(),
        width,
        config.patchSize(),
        config.patchSize(),
        trained);
    tape.add(pictures * tokens * width);
    if (config.classTokens() > 0) {
      tape.layerNorm(pictures * tokens, width, trained);
    }
    for (int block = 1; block <= config.layers(); block++) {
      if (block > used) {
        tape.unused();
      }
      tape.block(
          again && trained,
          pictures * tokens * width,
          () -> block(tape, config, pictures, tokens, trained));
    }
  }

  private static void block(
      Tape tape, VitConfig config, double pictures, double tokens, boolean trained) {
    double rows = pictures * tokens;
    double width = config.hiddenSize();
    double inner = config.intermediateSize();
    tape.layerNorm(rows, width, trained);
    double heads = config.heads();
    tape.linears(rows, width, true, trained, width, width, width);
    tape.attention(pictures, heads, heads, tokens, tokens, width / heads);
    tape.keptAlready().linear(rows, width, width, true, trained);
    tape.add(rows * width);
    tape.layerNorm(rows, width, trained);
    tape.linear(rows, width, inner, true, trained);
    activation(tape, config.activation(), rows * inner);
    tape.linear(rows, inner, width, true, trained);
    tape.add(rows * width);
  }

  private static void activation(Tape tape, Activation activation, double elements) {
    if (activation == Activation.QUICK_GELU) {
      // x · sigmoid(1.702 x): the sigmoid keeps what it gave, the product x beside that.
      tape.pointwise(2 * elements, 1, 2 * elements, 1, 0);
      tape.activation(Function.SIGMOID, elements);
      tape.pointwise(3 * elements, 1, 9 * elements, 3, elements);
    } else {
      boolean exact = activation == Activation.GELU;
      tape.activation(exact ? Function.GELU : Function.GELU_TANH, elements);
    }
  }
}
