/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.EnumMap;
import java.util.Map;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/**
 * Bytes that one device holds while it trains.
 *
 * @param parts by part
 * @param activationPeak most bytes that are kept for the backward pass at once: those of encoder
 *     and connector, with those of the language model or else of the supervision, which take turns
 * @param working most bytes of what one operation reads and writes beside that
 * @param runtime of the process or the device's context before anything is trained
 */
record Memory(
    Map<Part, PartMemory> parts,
    double activationPeak,
    double working,
    double exchange,
    double runtime) {

  /**
   * One part's.
   *
   * @param gradients their sums over the micro batches, in float32 where weights are shorter
   * @param optimizerStates both moments of AdamW, and the float32 copy of weights of a shorter type
   */
  record PartMemory(double weights, double gradients, double optimizerStates, double activations) {}

  /** The peak of the activations kept, by who keeps them. */
  static double peak(Map<Part, Double> saved) {
    Map<Part, Double> kept = new EnumMap<>(Part.class);
    kept.putAll(saved);
    double encoder = sum(kept, Part.VISION_ENCODER, Part.CONNECTOR);
    double language = sum(kept, Part.LANGUAGE_MODEL, Part.LORA);
    double supervision = sum(kept, Part.SUPERVISION, Part.UNET, Part.VAE, Part.PERCEPTUAL);
    return encoder + Math.max(language, supervision);
  }

  /** Bytes that the largest call of {@code tape} reads and writes. */
  static double working(Tape tape) {
    return tape.operations().stream()
        .mapToDouble(operation -> operation.bytes() / Math.max(1, operation.calls()))
        .max()
        .orElse(0);
  }

  private static double sum(Map<Part, Double> kept, Part... parts) {
    double sum = 0;
    for (Part part : parts) {
      sum += kept.getOrDefault(part, 0.0);
    }
    return sum;
  }

  double weights() {
    return parts.values().stream().mapToDouble(PartMemory::weights).sum();
  }

  double gradients() {
    return parts.values().stream().mapToDouble(PartMemory::gradients).sum();
  }

  double optimizerStates() {
    return parts.values().stream().mapToDouble(PartMemory::optimizerStates).sum();
  }

  double total() {
    return weights()
        + gradients()
        + optimizerStates()
        + activationPeak
        + working
        + exchange
        + runtime;
  }
}
