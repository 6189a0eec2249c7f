/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.dsvlm.eval.table.Row;

/**
 * HallusionBench: yes-or-no questions, scored by row (aAcc), by figure (fAcc: every question about
 * one is right) and by question (qAcc: it is right about every figure). The headline is the mean of
 * the three. Set, figure and question are the last three parts of the index.
 */
final class HallusionBench implements Benchmark {
  private static final int SET = 3;
  private static final int FIGURE = 4;
  private static final int QUESTION = 5;

  private record Scored(Item item, boolean hit) {
    String key(int part) {
      String[] parts = item.index().split("_", -1);
      if (parts.length <= QUESTION) {
        throw item.row()
            .error(
                "index", "'" + item.index() + "' has not the form type_kind_x_set_figure_question");
      }
      return item.require("l2-category") + "_" + parts[SET] + "_" + parts[part];
    }

    List<String> groups() {
      return List.of(item.require("category"), item.require("l2-category"));
    }
  }

  @Override
  public String key() {
    return "hallusionbench";
  }

  @Override
  public String title() {
    return "HallusionBench";
  }

  @Override
  public List<String> datasets() {
    return List.of("HallusionBench");
  }

  @Override
  public String text(Row row) {
    return row.require("question");
  }

  @Override
  public Figure figure() {
    return new Figure(term -> 100.0 / 3);
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    Map<String, String> answers = YesNo.read(items, judging);
    List<Scored> scored = new ArrayList<>();
    List<RowResult> rows = new ArrayList<>();
    for (Item item : items) {
      String extracted = Objects.requireNonNull(answers.get(item.index()), item.index());
      Scored one = new Scored(item, extracted.equals(item.require("answer")));
      scored.add(one);
      rows.add(RowResult.hit(item, one.groups(), one.hit(), Map.of("extracted", extracted)));
    }
    List<Map<String, Object>> table = new ArrayList<>();
    table.add(line("Overall", scored));
    for (String column : List.of("category", "l2-category")) {
      Set<String> names = new LinkedHashSet<>();
      items.forEach(item -> names.add(item.require(column)));
      for (String name : names) {
        table.add(
            line(
                name, scored.stream().filter(one -> name.equals(one.item().get(column))).toList()));
      }
    }
    List<Unit> units = new ArrayList<>();
    // A question and a figure belong to one set, so sets are what can be drawn independently.
    by(scored, one -> one.key(SET)).forEach((set, own) -> units.add(unit(set, own)));
    return new Scores(table, false, figure().of(units), rows, units, List.of());
  }

  @Override
  public List<ClosedAnswer> closed(List<Item> items) {
    return YesNo.closed(items);
  }

  private static Map<String, Object> line(String name, List<Scored> scored) {
    Map<String, Unit.Share> shares = unit(name, scored).terms();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("split", name);
    for (String term : List.of("aAcc", "fAcc", "qAcc")) {
      Unit.Share share = Objects.requireNonNull(shares.get(term), term);
      line.put(term, 100 * share.gained() / share.attainable());
    }
    return line;
  }

  private static Unit unit(String id, List<Scored> scored) {
    return new Unit(
        id,
        scored.get(0).groups(),
        Map.of(
            "aAcc", new Unit.Share(scored.stream().filter(Scored::hit).count(), scored.size()),
            "fAcc", wholly(by(scored, one -> one.key(FIGURE))),
            "qAcc", wholly(by(scored, one -> one.key(QUESTION)))));
  }

  private static Unit.Share wholly(Map<String, List<Scored>> groups) {
    long right =
        groups.values().stream().filter(group -> group.stream().allMatch(Scored::hit)).count();
    return new Unit.Share(right, groups.size());
  }

  private static Map<String, List<Scored>> by(List<Scored> scored, Function<Scored, String> key) {
    Map<String, List<Scored>> groups = new LinkedHashMap<>();
    scored.forEach(one -> groups.computeIfAbsent(key.apply(one), k -> new ArrayList<>()).add(one));
    return groups;
  }
}
