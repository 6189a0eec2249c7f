/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Sizes of one mixture of attentions, written {@code 1x4096x8x40:576+576}: batch, queries, heads,
 * head dimension, and the tokens of each context.
 */
public record AttentionShape(
    long batch, long queries, long heads, long headDim, List<Long> tokens) {
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,9})x(\\d{1,9})x(\\d{1,9})x(\\d{1,9}):(\\d{1,9}(?:\\+\\d{1,9})*)");

  public AttentionShape {
    tokens = List.copyOf(tokens);
  }

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException for another text
   */
  public static AttentionShape parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "attention shape '" + text + "' is none like 1x4096x8x40:576+576");
    }
    return new AttentionShape(
        Long.parseLong(matcher.group(1)),
        Long.parseLong(matcher.group(2)),
        Long.parseLong(matcher.group(3)),
        Long.parseLong(matcher.group(4)),
        Arrays.stream(matcher.group(5).split("\\+")).map(Long::valueOf).toList());
  }

  /**
   * Multiplications and additions of {@code products} matrix products of queries with all tokens,
   * or of that size: the forward pass takes 2, the backward pass 5 more.
   */
  public double operations(int products) {
    long all = tokens.stream().mapToLong(Long::longValue).sum();
    return 2.0 * products * batch * heads * queries * headDim * all;
  }

  @Override
  public String toString() {
    return batch
        + "x"
        + queries
        + "x"
        + heads
        + "x"
        + headDim
        + ":"
        + tokens.stream().map(String::valueOf).collect(Collectors.joining("+"));
  }
}
