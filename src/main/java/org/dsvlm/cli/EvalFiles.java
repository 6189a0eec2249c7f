/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * A benchmark that the user names, and its files.
 *
 * @param benchmark what is asked
 * @param dataset the leaderboard's name of the file
 * @param data the file; null for none
 * @param predictions the replies to score; null where a model answers
 */
record EvalFiles(
    Benchmark benchmark, String dataset, @Nullable Path data, @Nullable Path predictions) {
  private static final String ALL = "all";
  private static final String ENDING = ".tsv";

  /** The file that holds the benchmark's own columns. */
  Path questions() {
    return data == null ? Objects.requireNonNull(predictions) : data;
  }

  /**
   * One element for each benchmark that is named.
   *
   * @param name a benchmark, or {@code all} for those that {@code data} or {@code predictions},
   *     then folders, hold
   * @throws DsVlmException if a file is missing
   */
  static List<EvalFiles> of(String name, @Nullable Path data, @Nullable Path predictions) {
    if (!ALL.equals(name)) {
      Benchmark benchmark = Benchmarks.named(name);
      List<String> datasets =
          benchmark.datasets().contains(name) ? List.of(name) : benchmark.datasets();
      return List.of(
          find(benchmark, datasets, data, predictions)
              .orElseThrow(
                  () ->
                      new DsVlmException(
                          String.format(
                              Locale.ROOT,
                              "no file of %s: none of %s in %s",
                              benchmark.title(),
                              datasets.stream().map(dataset -> dataset + ENDING).toList(),
                              data == null ? predictions : data))));
    }
    for (Path path : Arrays.asList(data, predictions)) {
      if (path != null && !Files.isDirectory(path)) {
        throw new DsVlmException(path + ": is no folder, and --benchmark all takes folders");
      }
    }
    List<EvalFiles> found = new ArrayList<>();
    for (Benchmark benchmark : Benchmarks.all()) {
      find(benchmark, benchmark.datasets(), data, predictions).ifPresent(found::add);
    }
    if (found.isEmpty()) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "%s holds no file that is named like %s",
              data == null ? predictions : data,
              Benchmarks.all().get(0).datasets().get(0) + ENDING));
    }
    return found;
  }

  private static Optional<EvalFiles> find(
      Benchmark benchmark, List<String> datasets, @Nullable Path data, @Nullable Path predictions) {
    for (String dataset : datasets) {
      Optional<Path> dataFile = file(data, dataset);
      Optional<Path> scored = file(predictions, dataset);
      boolean missing =
          data != null && dataFile.isEmpty() || predictions != null && scored.isEmpty();
      if (!missing) {
        String name = named(datasets, dataFile.or(() -> scored).orElseThrow()).orElse(dataset);
        return Optional.of(
            new EvalFiles(benchmark, name, dataFile.orElse(null), scored.orElse(null)));
      }
    }
    return Optional.empty();
  }

  /** {@code path} itself, or the file of {@code dataset} in that folder. */
  private static Optional<Path> file(@Nullable Path path, String dataset) {
    if (path == null) {
      return Optional.empty();
    }
    if (!Files.isDirectory(path)) {
      return Optional.of(path);
    }
    return List.of(dataset + ENDING, dataset + "/" + dataset + ENDING).stream()
        .map(path::resolve)
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private static Optional<String> named(List<String> datasets, Path file) {
    return datasets.stream()
        .filter(dataset -> file.getFileName().toString().equals(dataset + ENDING))
        .findFirst();
  }
}
