/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import java.util.Collection;
import java.util.Comparator;

/** Finds the nearest known name for a name that does not exist. */
final class Nearest {
  private Nearest() {}

  /** The one of {@code known}, which is not empty, that takes the fewest edits. */
  static String to(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(other -> distance(other, name)))
        .orElseThrow();
  }

  /** Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
