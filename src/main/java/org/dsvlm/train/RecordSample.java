/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.dsvlm.data.RecordSource;
import org.dsvlm.io.DsVlmException;

/**
 * The first record of a file and some at random, read with their pictures, and what is wrong with
 * them. Faults that differ in the record alone are told once, with their number.
 *
 * @param looked records that were read
 * @param pictures that were decoded
 * @param faults one text for each kind of fault
 */
record RecordSample(int looked, int pictures, List<String> faults) {
  /** A folder that holds one picture in thirty is met with this many in all but 3 of 1000 cases. */
  private static final int SIZE = 200;

  /** Of {@code records}, the same for the same {@code seed}. */
  static RecordSample of(RecordSource records, long seed) {
    Set<Integer> chosen = new TreeSet<>();
    int size = Math.min(SIZE, records.size());
    SplittableRandom random = new SplittableRandom(seed);
    for (int next = 0; chosen.size() < size; next = random.nextInt(records.size())) {
      chosen.add(next);
    }
    int pictures = 0;
    Map<String, List<String>> byKind = new LinkedHashMap<>();
    for (int index : chosen) {
      try {
        records.get(index);
        pictures += records.pictures(index, 0).size();
      } catch (DsVlmException e) {
        String message = String.valueOf(e.getMessage());
        byKind.computeIfAbsent(kind(message), kind -> new ArrayList<>()).add(message);
      }
    }
    List<String> faults = new ArrayList<>();
    byKind
        .values()
        .forEach(
            same ->
                faults.add(
                    same.get(0)
                        + (same.size() > 1
                            ? " (and " + (same.size() - 1) + " more of " + size + " like it)"
                            : "")));
    return new RecordSample(size, pictures, faults);
  }

  /** A message without the record's number and id, and with the picture's folder for its path. */
  private static String kind(String message) {
    return message
        .replaceAll("record \\d+( \\(id [^)]*\\))?", "record")
        .replaceAll("image '([^']*/)?[^'/]*'", "image '$1'");
  }

  String describe(int records) {
    return records
        + " records; of "
        + looked
        + " looked at, "
        + pictures
        + " pictures were decoded";
  }
}
