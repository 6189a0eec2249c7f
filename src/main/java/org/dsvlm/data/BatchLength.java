/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

/**
 * Tokens that the rows of a batch are padded to. The padding is masked, stands at the end, and
 * changes no token before it.
 *
 * @param multiple lengths are multiples of it
 * @param most tokens that rounding up may lead to
 */
public record BatchLength(int multiple, int most) {
  /** As long as the longest row. */
  public static final BatchLength LONGEST = new BatchLength(1, Integer.MAX_VALUE);

  /** cuDNN plans an attention anew for each shape, and CUDA's allocator keeps blocks of each. */
  private static final int CUDA_MULTIPLE = 64;

  public BatchLength {
    if (multiple < 1) {
      throw new IllegalArgumentException("a multiple of " + multiple);
    }
  }

  /** The lengths that suit {@code device}, such as {@code cpu} or {@code cuda:0}. */
  public static BatchLength on(String device, int most) {
    return device.startsWith("cuda") ? new BatchLength(CUDA_MULTIPLE, most) : LONGEST;
  }

  /** The length of a batch whose longest row has {@code longest} tokens. */
  int of(int longest) {
    long rounded = (longest + multiple - 1L) / multiple * multiple;
    return (int) Math.max(longest, Math.min(rounded, most));
  }
}
