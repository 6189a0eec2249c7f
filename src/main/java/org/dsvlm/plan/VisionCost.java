/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import org.dsvlm.vision.Activation;
import org.dsvlm.vision.VisionConfig;

/** The operations of a CLIP or SigLIP encoder, as {@code EncoderLayer} computes them. */
final class VisionCost {
  private VisionCost() {}

  /**
   * Writes them down.
   *
   * @param used blocks that a loss depends on; those above run forward alone
   */
  static void record(Tape tape, VisionConfig config, double pictures, boolean trained, int used) {
    double tokens = config.patches() + config.family().classTokens();
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
    tape.layerNorm(pictures * tokens, width, trained);
    for (int block = 1; block <= config.layers(); block++) {
      if (block > used) {
        tape.withoutGraph();
      }
      block(tape, config, pictures, tokens, trained && block <= used);
    }
  }

  private static void block(
      Tape tape, VisionConfig config, double pictures, double tokens, boolean trained) {
    double rows = pictures * tokens;
    double width = config.hiddenSize();
    double inner = config.intermediateSize();
    tape.layerNorm(rows, width, trained);
    tape.linears(rows, width, trained, width, width, width);
    tape.attention(pictures, config.heads(), tokens, tokens, width / config.heads());
    // What attention gives is kept by it.
    tape.linears(rows, width, trained, width);
    tape.add(rows * width);
    tape.layerNorm(rows, width, trained);
    tape.linear(rows, width, inner, trained);
    activation(tape, config.activation(), rows * inner);
    tape.linear(rows, inner, width, trained);
    tape.add(rows * width);
  }

  private static void activation(Tape tape, Activation activation, double elements) {
    if (activation == Activation.QUICK_GELU) {
      // x · sigmoid(1.702 x): a factor, a sigmoid and a product, of which the last two keep theirs.
      tape.pointwise(7 * elements, 3, 14 * elements, 6, 2 * elements);
    } else {
      tape.activation(elements);
    }
  }
}
