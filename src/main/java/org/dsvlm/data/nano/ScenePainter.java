/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.function.Function;
import org.dsvlm.image.Picture;

/** Scenes to pixels. The same on every machine: whole numbers alone. */
final class ScenePainter {
  private static final int DARK_INK = 0x101060;
  private static final int LIGHT_INK = 0xFFFFFF;

  private final Function<Concept, int[]> looks;

  /**
   * A painter of things that look as {@code looks} says: square pictures of any size, 0xAARRGGBB.
   */
  ScenePainter(Function<Concept, int[]> looks) {
    this.looks = looks;
  }

  Picture paint(Scene scene) {
    int side = scene.side();
    int[] pixels = new int[side * side];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        pixels[y * side + x] = scene.ground().rgb(x, y, side);
      }
    }
    for (Scene.Placed thing : scene.things()) {
      paste(scaled(looks.apply(thing.concept()), thing.size()), thing, pixels, side);
    }
    if (scene.writing() != null) {
      write(scene.writing(), pixels, side);
    }
    byte[] rgb = new byte[3 * pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      for (int channel = 0; channel < 3; channel++) {
        rgb[3 * i + channel] = (byte) (pixels[i] >> 16 - 8 * channel);
      }
    }
    return new Picture(side, side, rgb);
  }

  private static void paste(int[] argb, Scene.Placed thing, int[] pixels, int side) {
    for (int y = 0; y < thing.size(); y++) {
      for (int x = 0; x < thing.size(); x++) {
        int at = (thing.y() + y) * side + thing.x() + x;
        int front = argb[y * thing.size() + x];
        int alpha = front >>> 24;
        int mixed = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
          int value =
              ((front >> shift & 255) * alpha + (pixels[at] >> shift & 255) * (255 - alpha) + 127)
                  / 255;
          mixed |= value << shift;
        }
        pixels[at] = mixed;
      }
    }
  }

  private static void write(Scene.Writing writing, int[] pixels, int side) {
    int dot = writing.dot();
    for (int y = 0; y < writing.height(); y++) {
      for (int x = 0; x < writing.width(); x++) {
        if (Glyphs.inked(writing.text(), x / dot, y / dot)) {
          int at = (writing.y() + y) * side + writing.x() + x;
          pixels[at] = (pixels[at] & 255) < 128 ? LIGHT_INK : DARK_INK;
        }
      }
    }
  }

  /**
   * A square picture made smaller: each pixel the mean of the area that it covers, colours weighted
   * by alpha.
   */
  static int[] scaled(int[] argb, int size) {
    int from = (int) Math.round(Math.sqrt(argb.length));
    int[] result = new int[size * size];
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        result[y * size + x] = mean(argb, from, size, x, y);
      }
    }
    return result;
  }

  /** In units of 1 / size of a source pixel, so that all edges are whole numbers. */
  private static int mean(int[] argb, int from, int size, int x, int y) {
    long alphas = 0;
    long[] colours = new long[3];
    for (int sourceY = y * from / size; sourceY * size < (y + 1) * from; sourceY++) {
      long high = overlap(sourceY, y, from, size);
      for (int sourceX = x * from / size; sourceX * size < (x + 1) * from; sourceX++) {
        int pixel = argb[sourceY * from + sourceX];
        long weight = high * overlap(sourceX, x, from, size) * (pixel >>> 24);
        alphas += weight;
        for (int channel = 0; channel < 3; channel++) {
          colours[channel] += weight * (pixel >> 16 - 8 * channel & 255);
        }
      }
    }
    long area = (long) from * from;
    int mixed = (int) ((alphas + area / 2) / area) << 24;
    for (int channel = 0; channel < 3 && alphas > 0; channel++) {
      mixed |= (int) ((colours[channel] + alphas / 2) / alphas) << 16 - 8 * channel;
    }
    return mixed;
  }

  private static long overlap(int source, int target, int from, int size) {
    int begin = Math.max(source * size, target * from);
    int end = Math.min((source + 1) * size, (target + 1) * from);
    return end - begin;
  }
}
