/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.dsvlm.distributed.ProcessGroup;

/**
 * Sums of named numbers over all processes, by one collective once the processes know the names. A
 * name that is new to one of them makes all exchange their names first, as text.
 */
final class NamedSums {
  private static final String SEPARATOR = "\n";

  private final ProcessGroup group;
  private final String device;

  /** In the same order in all processes. */
  private List<String> names = List.of();

  /** On {@code device}, which decides by which way the numbers go. */
  NamedSums(ProcessGroup group, String device) {
    this.group = group;
    this.device = device;
  }

  /**
   * The sums, with the same bits in all processes.
   *
   * @param own this process's numbers; a name that only others have counts 0
   * @return by every name that any process has now
   */
  Map<String, Double> of(Map<String, Double> own) {
    while (true) {
      double[] sums = group.sum(device, packed(own));
      if (sums[0] == 0) {
        return named(sums);
      }
      learn(own.keySet());
    }
  }

  /** First whether a name is new, then of each known name the number and whether there is one. */
  private double[] packed(Map<String, Double> own) {
    double[] packed = new double[1 + 2 * names.size()];
    packed[0] = new LinkedHashSet<>(names).containsAll(own.keySet()) ? 0 : 1;
    for (int i = 0; i < names.size(); i++) {
      Double number = own.get(names.get(i));
      if (number != null) {
        packed[1 + 2 * i] = number;
        packed[2 + 2 * i] = 1;
      }
    }
    return packed;
  }

  private Map<String, Double> named(double[] sums) {
    Map<String, Double> named = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      if (sums[2 + 2 * i] > 0) {
        named.put(names.get(i), sums[1 + 2 * i]);
      }
    }
    return named;
  }

  private void learn(Set<String> own) {
    List<String> texts = group.report(() -> String.join(SEPARATOR, own));
    String all =
        group.onFirst(
            () -> {
              Set<String> union = new LinkedHashSet<>(names);
              texts.stream()
                  .filter(text -> !text.isEmpty())
                  .forEach(text -> union.addAll(List.of(text.split(SEPARATOR))));
              return String.join(SEPARATOR, union);
            });
    names = new ArrayList<>(List.of(all.split(SEPARATOR)));
  }
}
