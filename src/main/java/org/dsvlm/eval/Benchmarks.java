/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;

/** The leaderboard's ten benchmarks by name, and the one for files of the user's own. */
public final class Benchmarks {
  private static final List<Benchmark> ALL =
      List.of(
          new MmBench(),
          new MultipleChoice("mmstar", "MMStar", List.of("MMStar")),
          new Mmmu(),
          new MathVista(),
          new OcrBench(),
          new MultipleChoice("ai2d", "AI2D", List.of("AI2D_TEST", "AI2D_TEST_NO_MASK")),
          new HallusionBench(),
          new LlavaBench(),
          new MultipleChoice("scienceqa", "ScienceQA", List.of("ScienceQA_TEST", "ScienceQA_VAL")),
          new Mme());

  private static final List<Benchmark> KNOWN =
      Stream.concat(ALL.stream(), Stream.of(new ExactMatch())).toList();

  private Benchmarks() {}

  /** The ten and, behind them, the one for files of the user's own. */
  public static List<Benchmark> known() {
    return KNOWN;
  }

  /** All ten, in the order of the paper's table. */
  public static List<Benchmark> all() {
    return ALL;
  }

  /**
   * The benchmark of that name: its key, or a name that the leaderboard gives to one of its files.
   *
   * @throws DsVlmException for an unknown name
   */
  public static Benchmark named(String name) {
    return find(name)
        .orElseThrow(
            () -> {
              List<String> known = new ArrayList<>();
              KNOWN.forEach(benchmark -> known.add(benchmark.key()));
              ALL.forEach(benchmark -> known.addAll(benchmark.datasets()));
              return new DsVlmException("unknown benchmark '" + name + "'; known: " + known);
            });
  }

  static Optional<Benchmark> find(String name) {
    return KNOWN.stream()
        .filter(
            benchmark ->
                benchmark.key().equalsIgnoreCase(name) || benchmark.datasets().contains(name))
        .findFirst();
  }
}
