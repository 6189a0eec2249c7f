/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.dsvlm.tensor.RandomState;
import org.jspecify.annotations.Nullable;

/**
 * One picture as it is composed: nothing about it is unknown.
 *
 * @param things from back to front; no two overlap
 * @param writing the text in it, if there is one
 * @param side the picture's width and height in pixels
 */
record Scene(
    Arrangement kind, Ground ground, List<Placed> things, @Nullable Writing writing, int side) {
  /** How a scene is arranged, and so what can be asked about it. */
  enum Arrangement {
    /** One thing. */
    SINGLE,
    /** Two things of different categories, side by side or one above the other. */
    PAIR,
    /** One to five things: copies of one, perhaps with copies of another of another category. */
    SEVERAL,
    /** Three things of one category and one of another. */
    ODD,
    /** A text, perhaps with a thing above or below it. */
    TEXT;

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A thing and the square that it fills: left and upper edge, and side, in pixels. */
  record Placed(Concept concept, int x, int y, int size) {
    boolean leftOf(Placed other) {
      return x + size <= other.x;
    }

    boolean above(Placed other) {
      return y + size <= other.y;
    }
  }

  /** A text, its left and upper edge, and the pixels a side of a dot of its letters. */
  record Writing(String text, int x, int y, int dot) {
    int width() {
      return Glyphs.width(text) * dot;
    }

    int height() {
      return Glyphs.HEIGHT * dot;
    }
  }

  Scene {
    things = List.copyOf(things);
  }

  private static final int HELD_OUT_SHARE = 5;
  private static final RandomState HASH = new RandomState(0).fork("nano scenes");

  /** What makes two scenes alike whatever their places and sizes: kind, things, ground, text. */
  String key() {
    String codes =
        things.stream()
            .map(thing -> thing.concept().code())
            .sorted()
            .collect(Collectors.joining(" "));
    return kind.key() + "|" + codes + "|" + ground.words() + "|" + text();
  }

  /** Whether scenes like this one are for tests alone: one in five, by a hash of {@link #key}. */
  boolean heldOut() {
    boolean unseenText = writing != null && heldOutText(writing.text());
    return unseenText || HASH.fork(key()).below(HELD_OUT_SHARE) == 0;
  }

  /** Whether no training scene shows {@code text}: one in five of those longer than a character. */
  static boolean heldOutText(String text) {
    return text.length() > 1 && HASH.fork("text").fork(text).below(HELD_OUT_SHARE) == 0;
  }

  /** The text, empty without. */
  String text() {
    return writing == null ? "" : writing.text();
  }
}
