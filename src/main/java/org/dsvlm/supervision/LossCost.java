/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.List;
import org.dsvlm.models.vgg.PerceptualCost;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/**
 * The operations of reconstruction losses.
 *
 * @param widths channels of the perceptual network's stages
 * @param pictures how many are compared
 * @param side of each, in pixels
 */
public record LossCost(Tape tape, List<Long> widths, double pictures, int side) {

  /** A comparison of the perceptual network's first {@code stages} stages. */
  public void network(int stages) {
    new PerceptualCost(tape, widths, pictures, side).record(stages);
  }

  /** Mean absolute difference; other comparisons of pictures or noise do much the same work. */
  public void difference() {
    tape.enter(Part.PERCEPTUAL, true);
    difference(tape, pictures * 3 * side * side);
  }

  /** Mean absolute difference of {@code elements} numbers, where the tape stands. */
  public static void difference(Tape tape, double elements) {
    tape.pointwise(6 * elements, 3, 6 * elements, 3, elements);
  }
}
