/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Sizes of pictures or feature maps, written {@code 4x3x256x256}. */
public record MapShape(long batch, long channels, long height, long width) {
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,9})x(\\d{1,9})x(\\d{1,9})x(\\d{1,9})");

  private static final Pattern VGG = Pattern.compile("vgg16:(\\d{1,4})x(\\d{2,4})");

  private static final long[] VGG_WIDTHS = {64, 128, 256, 512, 512};

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException for another text
   */
  public static MapShape parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("map shape '" + text + "' is none like 4x3x256x256");
    }
    return new MapShape(
        Long.parseLong(matcher.group(1)),
        Long.parseLong(matcher.group(2)),
        Long.parseLong(matcher.group(3)),
        Long.parseLong(matcher.group(4)));
  }

  /**
   * Several shapes joined by {@code +}, or {@code vgg16:4x192}: the layers that LPIPS compares, for
   * four pictures of 192 × 192.
   */
  public static List<MapShape> parseAll(String text) {
    Matcher vgg = VGG.matcher(text);
    if (vgg.matches()) {
      long batch = Long.parseLong(vgg.group(1));
      long side = Long.parseLong(vgg.group(2));
      return IntStream.range(0, VGG_WIDTHS.length)
          .mapToObj(i -> new MapShape(batch, VGG_WIDTHS[i], side >> i, side >> i))
          .toList();
    }
    return Arrays.stream(text.split("\\+", -1)).map(MapShape::parse).toList();
  }

  /** How many numbers there are. */
  public long elements() {
    return batch * channels * height * width;
  }

  long[] sizes() {
    return new long[] {batch, channels, height, width};
  }

  @Override
  public String toString() {
    return batch + "x" + channels + "x" + height + "x" + width;
  }
}
