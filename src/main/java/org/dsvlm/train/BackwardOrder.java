/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The order in which the backward pass of a UNet comes to its parameters, experts among them: from
 * the output to the input, block by block.
 */
final class BackwardOrder {
  private static final String UNET = "unet.";
  private static final String ADAPTERS = "adapters.";
  private static final Pattern BLOCK = Pattern.compile("(up|down)_blocks\\.(\\d+)\\.(.*)");
  private static final Pattern PART = Pattern.compile("(resnets|attentions)\\.(\\d+)\\..*");

  /** More than the blocks of any UNet, down or up. */
  private static final int BLOCKS = 20;

  private BackwardOrder() {}

  /**
   * {@code parameters} with those of the UNet in order, at the place of the first of them, and the
   * adapters, which feed it, behind.
   */
  static <T> Map<String, T> ofUNet(Map<String, T> parameters) {
    List<String> inside = new ArrayList<>();
    for (String name : parameters.keySet()) {
      if (isSupervisions(name)) {
        inside.add(name);
      }
    }
    inside.sort(Comparator.comparingInt(BackwardOrder::place));
    Map<String, T> ordered = new LinkedHashMap<>();
    for (Map.Entry<String, T> parameter : parameters.entrySet()) {
      if (isSupervisions(parameter.getKey())) {
        inside.forEach(next -> ordered.put(next, Objects.requireNonNull(parameters.get(next))));
        inside.clear();
      } else {
        ordered.put(parameter.getKey(), parameter.getValue());
      }
    }
    return ordered;
  }

  private static boolean isSupervisions(String name) {
    return name.startsWith(UNET) || name.startsWith(ADAPTERS);
  }

  /** Hundreds count blocks from the output on, units what lies within a block. */
  private static int place(String parameter) {
    if (parameter.startsWith(ADAPTERS)) {
      return 100 * (6 + 2 * BLOCKS);
    }
    String name = parameter.substring(UNET.length());
    Matcher block = BLOCK.matcher(name);
    if (block.matches()) {
      int number = Integer.parseInt(block.group(2));
      boolean up = block.group(1).equals("up");
      return 100 * ((up ? 1 : 2 + BLOCKS) + BLOCKS - number) + within(block.group(3));
    }
    if (name.startsWith("mid_block.")) {
      return 100 * (2 + BLOCKS) + within(name.substring("mid_block.".length()));
    }
    if (name.startsWith("conv_in.")) {
      return 100 * (4 + 2 * BLOCKS);
    }
    return name.startsWith("time_embedding.") ? 100 * (5 + 2 * BLOCKS) : 0;
  }

  /**
   * What changes the size is last in a block; each attention follows the residual of its number.
   */
  private static int within(String name) {
    Matcher part = PART.matcher(name);
    if (!part.matches()) {
      return 0;
    }
    int attention = part.group(1).equals("attentions") ? 1 : 0;
    return 99 - (2 * Integer.parseInt(part.group(2)) + attention);
  }
}
