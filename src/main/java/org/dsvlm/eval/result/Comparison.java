/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.Unit;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;

/** Two evaluations side by side: which differences are more than chance. */
public final class Comparison {
  private static final ObjectMapper MAPPER = StrictJson.json();

  /** Of fewer units, draws with replacement are too much alike to tell anything. */
  private static final int FEWEST = 20;

  private record Result(Benchmark benchmark, String dataset, String judge, Path folder) {
    List<Unit> units() {
      Path file = folder.resolve(ResultFolder.UNITS);
      try {
        List<Unit> units =
            MAPPER.readValue(InputFiles.regular(file).toFile(), new TypeReference<>() {});
        return units.stream().sorted((one, other) -> one.id().compareTo(other.id())).toList();
      } catch (IOException e) {
        throw new DsVlmException(file + ": cannot be read; evaluate again: " + e.getMessage(), e);
      }
    }
  }

  /** One line: a benchmark or a category of it. */
  private record Line(String name, int units, Bootstrap.Interval interval) {
    String verdict() {
      return units < FEWEST ? "too few units" : interval.isMoreThanChance() ? "yes" : "no";
    }
  }

  private final Map<String, Result> first;
  private final Map<String, Result> second;

  private Comparison(Map<String, Result> first, Map<String, Result> second) {
    this.first = first;
    this.second = second;
  }

  /**
   * Reads what {@code eval --out} left in two folders.
   *
   * @throws DsVlmException if a folder holds no result, or both have no benchmark in common
   */
  public static Comparison of(Path first, Path second) {
    Comparison comparison = new Comparison(read(first), read(second));
    if (comparison.common().isEmpty()) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "%s and %s have no benchmark in common: %s and %s",
              first,
              second,
              comparison.first.keySet(),
              comparison.second.keySet()));
    }
    return comparison;
  }

  private static Map<String, Result> read(Path folder) {
    Map<String, Result> results = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> found = Files.walk(folder, 2)) {
      files = found.filter(file -> file.endsWith(ResultFolder.RESULT)).sorted().toList();
    } catch (IOException e) {
      throw new DsVlmException(folder + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
    for (Path file : files) {
      try {
        JsonNode json = MAPPER.readTree(InputFiles.regular(file).toFile());
        Benchmark benchmark = Benchmarks.named(json.path("benchmark").asText());
        String dataset = json.path("dataset").asText();
        results.put(
            dataset,
            new Result(benchmark, dataset, json.path("judge").asText(), file.resolveSibling("")));
      } catch (IOException e) {
        throw new DsVlmException(file + ": is no result; evaluate again: " + e.getMessage(), e);
      }
    }
    if (results.isEmpty()) {
      throw new DsVlmException(
          folder + ": holds no " + ResultFolder.RESULT + "; make one with eval --out " + folder);
    }
    return results;
  }

  private List<String> common() {
    List<String> common = new ArrayList<>();
    Benchmarks.known()
        .forEach(
            benchmark ->
                first.values().stream()
                    .filter(result -> result.benchmark() == benchmark)
                    .map(Result::dataset)
                    .filter(second::containsKey)
                    .forEach(common::add));
    return common;
  }

  /** For reading: a line for each benchmark and below it one for each category. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-52s %6s %9s %9s %9s  %-21s %s%n",
            "",
            "units",
            "A",
            "B",
            "B - A",
            "95 % interval",
            "more than chance"));
    for (String dataset : common()) {
      Result one = Objects.requireNonNull(first.get(dataset));
      Result other = Objects.requireNonNull(second.get(dataset));
      for (Line line : lines(one, other)) {
        text.append(format(line));
      }
      text.append(
          one.judge().equals(other.judge())
              ? String.format(Locale.ROOT, "  judge: %s%n", one.judge())
              : String.format(
                  Locale.ROOT, "  judges differ: %s; %s%n", one.judge(), other.judge()));
    }
    return text.toString();
  }

  private static String format(Line line) {
    Bootstrap.Interval interval = line.interval();
    return String.format(
        Locale.ROOT,
        "%-52s %6d %9.2f %9.2f %+9.2f  [%+9.2f,%+9.2f] %s%n",
        line.name(),
        line.units(),
        interval.first(),
        interval.second(),
        interval.difference(),
        interval.low(),
        interval.high(),
        line.verdict());
  }

  private static List<Line> lines(Result one, Result other) {
    List<Unit> first = one.units();
    List<Unit> second = other.units();
    List<String> ids = first.stream().map(Unit::id).toList();
    if (!ids.equals(second.stream().map(Unit::id).toList())) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "%s and %s did not score the same questions of %s; compare evaluations of one file",
              one.folder(),
              other.folder(),
              one.dataset()));
    }
    List<Line> lines = new ArrayList<>();
    lines.add(line(one, one.dataset(), first, second, unit -> true));
    TreeSet<String> groups =
        first.stream()
            .flatMap(unit -> unit.groups().stream())
            .collect(Collectors.toCollection(TreeSet::new));
    for (String group : groups) {
      lines.add(line(one, "  " + group, first, second, unit -> unit.groups().contains(group)));
    }
    return lines;
  }

  private static Line line(
      Result result, String name, List<Unit> first, List<Unit> second, Predicate<Unit> counts) {
    List<Unit> one = first.stream().filter(counts).toList();
    List<Unit> other = second.stream().filter(counts).toList();
    return new Line(name, one.size(), Bootstrap.compare(result.benchmark().figure(), one, other));
  }
}
