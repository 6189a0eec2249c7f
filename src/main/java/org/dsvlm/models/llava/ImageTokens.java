/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.dsvlm.text.TokenizedConversation;

/** Makes room in a prompt for the vectors of its pictures. */
public final class ImageTokens {
  private ImageTokens() {}

  /**
   * Replaces each {@code marker} in {@code ids} by {@code count} times {@code imageToken}.
   *
   * @param marker what stands for a whole picture: LLaVA's −200, or the image token itself
   */
  public static long[] expand(long[] ids, long marker, long imageToken, int count) {
    return Arrays.stream(ids)
        .flatMap(
            id ->
                id == marker
                    ? LongStream.generate(() -> imageToken).limit(count)
                    : LongStream.of(id))
        .toArray();
  }

  /**
   * Lengthens {@code labels} as {@link #expand} lengthens the {@code ids} they belong to; no loss
   * is taken on a picture.
   */
  public static long[] expandLabels(long[] labels, long[] ids, long marker, int count) {
    LongStream.Builder expanded = LongStream.builder();
    for (int i = 0; i < ids.length; i++) {
      boolean picture = ids[i] == marker;
      for (int j = 0; j < (picture ? count : 1); j++) {
        expanded.add(picture ? TokenizedConversation.IGNORED : labels[i]);
      }
    }
    return expanded.build().toArray();
  }
}
