/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a scene stands on: one colour, or two halves.
 *
 * @param first the colour, or that of the left or upper half
 * @param second the colour of the other half; null for a plain ground
 * @param sideBySide whether the halves are left and right rather than above and below
 */
record Ground(String first, @Nullable String second, boolean sideBySide) {
  private record Paint(String name, int rgb) {}

  private static final List<Paint> PAINTS =
      List.of(
          new Paint("white", 0xFFFFFF),
          new Paint("gray", 0xC4C4C4),
          new Paint("yellow", 0xFFF3A6),
          new Paint("green", 0xB9EBB9),
          new Paint("blue", 0xB8DCFF),
          new Paint("pink", 0xFFC8E0),
          new Paint("purple", 0xD9C6FA),
          new Paint("black", 0x282828));

  private static final double PLAIN = 0.6;

  /** Names of all colours. */
  static List<String> colours() {
    return PAINTS.stream().map(Paint::name).toList();
  }

  static Ground draw(Dice dice) {
    List<String> names = new ArrayList<>(colours());
    String first = names.remove(dice.below(names.size()));
    return dice.chance(PLAIN)
        ? new Ground(first, null, false)
        : new Ground(first, dice.pick(names), dice.chance(0.5));
  }

  boolean plain() {
    return second == null;
  }

  /** The colour at a place of a picture with {@code side} pixels a side, 0xRRGGBB. */
  int rgb(int x, int y, int side) {
    boolean inFirst = second == null || (sideBySide ? x : y) < side / 2;
    String name = inFirst ? first : second;
    return PAINTS.stream().filter(paint -> paint.name.equals(name)).findFirst().orElseThrow().rgb;
  }

  /** As a caption says it. */
  String words() {
    if (second == null) {
      return first;
    }
    return first
        + (sideBySide ? " left and " + second + " right" : " above and " + second + " below");
  }
}
