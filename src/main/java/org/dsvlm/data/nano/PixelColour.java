/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.awt.Color;

/** The names of the pixels' colours. */
final class PixelColour {
  /** Share of the visible pixels that have to bear a colour's name for the whole to bear it. */
  private static final double MOST = 0.6;

  private PixelColour() {}

  /** Whether most visible pixels of {@code argb} are {@code name}. */
  static boolean isMostly(String name, int[] argb) {
    int visible = 0;
    int named = 0;
    for (int pixel : argb) {
      if (pixel >>> 24 > 127) {
        visible++;
        named += of(pixel).equals(name) ? 1 : 0;
      }
    }
    return visible > 0 && named >= MOST * visible;
  }

  /** The name of one colour, 0xRRGGBB. */
  static String of(int rgb) {
    float[] hsb = Color.RGBtoHSB(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255, null);
    float hue = 360 * hsb[0];
    if (hsb[2] < 0.25f) {
      return "black";
    }
    if (hsb[1] < 0.15f) {
      return hsb[2] > 0.85f ? "white" : "gray";
    }
    return hue < 15 || hue >= 345 ? red(hsb) : hue < 40 ? orange(hsb) : hued(hue);
  }

  private static String red(float[] hsb) {
    return hsb[1] < 0.5f && hsb[2] > 0.8f ? "pink" : hsb[2] < 0.5f ? "brown" : "red";
  }

  private static String orange(float[] hsb) {
    return hsb[2] < 0.65f ? "brown" : "orange";
  }

  private static String hued(float hue) {
    if (hue < 70) {
      return "yellow";
    }
    if (hue < 165) {
      return "green";
    }
    return hue < 255 ? "blue" : hue < 290 ? "purple" : "pink";
  }
}
