/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.Locale;
import java.util.Set;
import org.dsvlm.data.NotoArchive.Look;
import org.dsvlm.tensor.RandomState;

/**
 * Variation of the Noto pictures in training: moved by a few pixels, mirrored where that does not
 * change what is seen, and on a light background of any hue.
 */
final class NotoAugmentation {
  private static final int FARTHEST = 4;
  private static final int DARKEST = 192;

  /** Groups without writing, clock faces or flags. */
  private static final Set<String> MIRRORED_GROUPS =
      Set.of("Animals & Nature", "Food & Drink", "Smileys & Emotion", "People & Body");

  private NotoAugmentation() {}

  /** The look that {@code random} draws for {@code emoji}. */
  static Look look(NotoEmoji emoji, RandomState random) {
    int right = (int) random.fork("right").below(2 * FARTHEST + 1) - FARTHEST;
    int down = (int) random.fork("down").below(2 * FARTHEST + 1) - FARTHEST;
    boolean flipped = mayBeMirrored(emoji) && random.fork("flip").below(2) == 1;
    int background = 0;
    for (int channel = 0; channel < 3; channel++) {
      int value = DARKEST + (int) random.fork("background").fork(channel).below(256 - DARKEST);
      background = background << 8 | value;
    }
    return new Look(right, down, flipped, background);
  }

  private static boolean mayBeMirrored(NotoEmoji emoji) {
    String name = emoji.name().toLowerCase(Locale.ROOT);
    return MIRRORED_GROUPS.contains(emoji.group())
        && !name.contains("left")
        && !name.contains("right");
  }
}
