/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import java.util.List;
import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** The operations of VGG-16's convolutions and of the distances between their outputs. */
public final class PerceptualCost {
  private final Tape tape;
  private final List<Long> widths;
  private final double pictures;
  private final int side;

  /** For pictures of {@code side} times {@code side}. */
  public PerceptualCost(Tape tape, List<Long> widths, double pictures, int side) {
    this.tape = tape;
    this.widths = widths;
    this.pictures = pictures;
    this.side = side;
  }

  /** Writes them down for a comparison of the first {@code stages} stages. */
  public void record(int stages) {
    tape.enter(Part.PERCEPTUAL, false).withoutGraph();
    features(stages);
    tape.enter(Part.PERCEPTUAL, true);
    features(stages);
    int at = side;
    for (int stage = 0; stage < stages; stage++) {
      double elements = pictures * at * at * widths.get(stage);
      // The target's features lie beside those that the graph keeps.
      tape.pointwise(2 * elements, 1, 3 * elements, 1, elements);
      at /= 2;
    }
  }

  private void features(int stages) {
    int at = side;
    double in = 3;
    tape.pointwise(4 * pictures * at * at * in, 2, 4 * pictures * at * at * in, 2, 0);
    for (int stage = 0; stage < stages; stage++) {
      double out = widths.get(stage);
      for (int i = 0; i < PerceptualNetwork.convolutions(stage); i++) {
        if (i > 0) {
          // ReLU keeps what it gave.
          tape.keptAlready();
        }
        tape.convolution(pictures, at, at, in, out, 3, 1, false);
        tape.activation(Function.RELU, pictures * at * at * out);
        in = out;
      }
      if (stage < stages - 1) {
        double elements = pictures * at * at * out;
        tape.pointwise(1.25 * elements, 1, 1.5 * elements, 1, 0);
        tape.keepBytes(Long.BYTES * elements / 4);
        at /= 2;
      }
    }
  }
}
