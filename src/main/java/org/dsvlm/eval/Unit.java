/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.List;
import java.util.Map;

/**
 * Rows that are scored together, such as the rotations of one question. They are drawn as a whole
 * when a score's uncertainty is estimated.
 *
 * @param id the same in every run on the same file
 * @param groups the categories that it counts in
 * @param terms its share in each term of the score: gained and attainable
 */
public record Unit(String id, List<String> groups, Map<String, Share> terms) {
  /** The gain of a unit, and the most that it could gain. */
  public record Share(double gained, double attainable) {
    /** Of a term that a unit does not count in. */
    public static final Share NONE = new Share(0, 0);
  }

  /** A unit with one term. */
  static Unit of(String id, List<String> groups, double gained, double attainable) {
    return new Unit(id, groups, Map.of("", new Share(gained, attainable)));
  }
}
