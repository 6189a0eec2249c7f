/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.eval.table.Row;
import org.dsvlm.io.DsVlmException;

/**
 * MME: two yes-or-no questions a picture. A category scores its accuracy plus the share of pictures
 * with both questions right, each in percent; perception has 10 categories, reasoning 4. The
 * headline is their sum, 2800 at most.
 */
final class Mme implements Benchmark {
  private static final List<String> PERCEPTION =
      List.of(
          "OCR",
          "artwork",
          "celebrity",
          "color",
          "count",
          "existence",
          "landmark",
          "position",
          "posters",
          "scene");

  private static final List<String> REASONING =
      List.of(
          "code_reasoning", "commonsense_reasoning", "numerical_calculation", "text_translation");

  private record Scored(Item item, boolean hit) {}

  @Override
  public String key() {
    return "mme";
  }

  @Override
  public String title() {
    return "MME";
  }

  @Override
  public List<String> datasets() {
    return List.of("MME");
  }

  @Override
  public double best() {
    return 200.0 * (PERCEPTION.size() + REASONING.size());
  }

  @Override
  public String text(Row row) {
    return row.require("question");
  }

  @Override
  public Figure figure() {
    return new Figure(term -> 100);
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    Map<String, String> answers = YesNo.read(items, judging);
    Map<String, Map<String, List<Scored>>> categories = new LinkedHashMap<>();
    List<RowResult> rows = new ArrayList<>();
    for (Item item : items) {
      String category = item.require("category");
      String extracted = Objects.requireNonNull(answers.get(item.index()), item.index());
      boolean hit = extracted.equals(item.require("answer"));
      rows.add(RowResult.hit(item, List.of(category), hit, Map.of("extracted", extracted)));
      categories
          .computeIfAbsent(category, key -> new LinkedHashMap<>())
          .computeIfAbsent(item.require("image_path"), key -> new ArrayList<>())
          .add(new Scored(item, hit));
    }
    List<Unit> units = new ArrayList<>();
    categories.forEach(
        (category, pictures) ->
            pictures.forEach((picture, pair) -> units.add(unit(category, picture, pair))));
    Map<String, Object> table = table(units, categories.keySet().stream().toList());
    double headline = of(table, "perception") + of(table, "reasoning");
    return new Scores(List.of(table), false, headline, rows, units, List.of());
  }

  @Override
  public List<ClosedAnswer> closed(List<Item> items) {
    return YesNo.closed(items);
  }

  private static Unit unit(String category, String picture, List<Scored> pair) {
    if (pair.size() < 2) {
      throw pair.get(0)
          .item()
          .row()
          .error(
              "image_path",
              String.format(
                  Locale.ROOT,
                  "'%s' of category %s has one question; MME scores pairs, so add the other one",
                  picture,
                  category));
    }
    // Of more than two questions about a picture, the first two are the pair.
    boolean both = pair.get(0).hit() && pair.get(1).hit();
    long hits = pair.stream().filter(Scored::hit).count();
    return new Unit(
        category + "/" + picture,
        List.of(category),
        Map.of(
            category,
            new Unit.Share(hits, pair.size()),
            category + "+",
            new Unit.Share(both ? 1 : 0, 1)));
  }

  private Map<String, Object> table(List<Unit> units, List<String> present) {
    List<String> missing =
        Stream.concat(PERCEPTION.stream(), REASONING.stream())
            .filter(category -> !present.contains(category))
            .toList();
    if (!missing.isEmpty()) {
      throw new DsVlmException(
          "MME is the sum over 14 categories; no row that was answered has category " + missing);
    }
    Map<String, List<Unit>> byCategory =
        units.stream().collect(Collectors.groupingBy(unit -> unit.groups().get(0)));
    Map<String, Object> scores = new LinkedHashMap<>();
    present.forEach(
        category ->
            scores.put(category, figure().of(Objects.requireNonNull(byCategory.get(category)))));
    Map<String, Object> table = new LinkedHashMap<>();
    table.put("perception", sum(scores, PERCEPTION));
    table.put("reasoning", sum(scores, REASONING));
    table.putAll(scores);
    return table;
  }

  private static double sum(Map<String, Object> scores, List<String> categories) {
    return categories.stream().mapToDouble(category -> of(scores, category)).sum();
  }

  private static double of(Map<String, Object> figures, String name) {
    return (double) Objects.requireNonNull(figures.get(name), name);
  }
}
