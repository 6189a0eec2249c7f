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
import java.util.Optional;
import java.util.Set;
import org.dsvlm.eval.table.PythonText;
import org.dsvlm.eval.table.Row;
import org.dsvlm.io.DsVlmException;

/**
 * LLaVA-Bench (in the wild): a judge gives a grade to GPT-4's answer and one to the reply; the
 * score is the ratio of their means, in percent, rounded to a tenth.
 */
final class LlavaBench implements Benchmark {
  /** Both grades where the judge's first line does not hold two; they count in the means. */
  private static final Grades UNREADABLE = new Grades(-1, -1);

  private record Grades(double reference, double reply) {}

  private record Graded(Item item, Grades grades) {}

  @Override
  public String key() {
    return "llavabench";
  }

  @Override
  public String title() {
    return "LLaVABench";
  }

  @Override
  public List<String> datasets() {
    return List.of("LLaVABench");
  }

  @Override
  public boolean needsJudge() {
    return true;
  }

  @Override
  public String text(Row row) {
    return row.require("question");
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    if (!judging.isPresent()) {
      throw new DsVlmException(
          "LLaVABench is scored by a judge alone: give --judge URL or --judge-replies FILE");
    }
    Map<String, String> replies =
        judging.ask(
            "compare",
            items,
            1,
            item -> reply -> grades(reply).isPresent(),
            item ->
                Map.of(
                    "context", item.require("caption"),
                    "question", item.require("question"),
                    "reference", item.require("gpt4_ans"),
                    "reply", item.reply()));
    List<Graded> graded = new ArrayList<>();
    List<RowResult> rows = new ArrayList<>();
    List<Unit> units = new ArrayList<>();
    int unreadable = 0;
    for (Item item : items) {
      Optional<Grades> read =
          Optional.ofNullable(replies.get(item.index())).flatMap(LlavaBench::grades);
      unreadable += read.isEmpty() ? 1 : 0;
      Grades grades = read.orElse(UNREADABLE);
      graded.add(new Graded(item, grades));
      List<String> groups = List.of(item.require("category"));
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("reference_score", grades.reference());
      facts.put("score", grades.reply());
      rows.add(new RowResult(item.index(), groups, grades.reply(), facts));
      units.add(Unit.of(item.index(), groups, grades.reply(), grades.reference()));
    }
    List<Map<String, Object>> table = table(graded);
    double headline = (double) Objects.requireNonNull(table.get(0).get("Relative Score (main)"));
    return new Scores(table, false, headline, rows, units, notes(unreadable));
  }

  private static List<String> notes(int unreadable) {
    return unreadable == 0
        ? List.of()
        : List.of(
            unreadable
                + " replies of the judge do not begin with two grades; each counts as -1, as in the"
                + " leaderboard's tool");
  }

  /**
   * Two numbers with one space between them, on the first line. A comma becomes a space, so "8 9"
   * and "8,9" are read and "8, 9", which has two spaces then, is not.
   */
  private static Optional<Grades> grades(String reply) {
    String[] words = reply.split("\n", 2)[0].replace(',', ' ').split(" ", -1);
    if (words.length != 2) {
      return Optional.empty();
    }
    Optional<Double> reference = PythonText.real(words[0]);
    Optional<Double> own = PythonText.real(words[1]);
    return reference.isPresent() && own.isPresent()
        ? Optional.of(new Grades(reference.get(), own.get()))
        : Optional.empty();
  }

  private static List<Map<String, Object>> table(List<Graded> graded) {
    List<Map<String, Object>> table = new ArrayList<>();
    table.add(line("overall", graded));
    Set<String> categories = new LinkedHashSet<>();
    graded.forEach(one -> categories.add(one.item().require("category")));
    for (String category : categories) {
      table.add(
          line(
              category,
              graded.stream().filter(one -> category.equals(one.item().get("category"))).toList()));
    }
    return table;
  }

  private static Map<String, Object> line(String name, List<Graded> graded) {
    double reply = graded.stream().mapToDouble(one -> one.grades().reply()).average().orElseThrow();
    double reference =
        graded.stream().mapToDouble(one -> one.grades().reference()).average().orElseThrow();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("split", name);
    line.put("Relative Score (main)", tenths(reply / reference * 100));
    line.put("VLM Score", tenths(reply * 10));
    line.put("GPT4 Score", tenths(reference * 10));
    return line;
  }

  /** Rounds as NumPy does: half to even. */
  private static double tenths(double value) {
    return Math.rint(value * 10) / 10;
  }
}
