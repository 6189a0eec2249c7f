/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.dsvlm.eval.table.PythonLiteral;
import org.dsvlm.eval.table.PythonText;
import org.dsvlm.eval.table.Row;

/**
 * MathVista: a reply that already is the answer counts at once ("prefetched"); from any other the
 * judge extracts an answer, which must equal the reference as a whole number, a decimal number or
 * an option.
 *
 * <p>Quirks of the tool that its figures hold: an answer that is text (a list, a name) never
 * counts, for the tool compares it with the word "None"; a right 0 is not prefetched; a choice is
 * prefetched where it can be read, right or wrong.
 */
final class MathVista implements Benchmark {
  /** How often the tool asks its judge about one reply, if it gets none. */
  private static final int ATTEMPTS = 5;

  private static final String OVERALL = "Overall";

  @Override
  public String key() {
    return "mathvista";
  }

  @Override
  public String title() {
    return "MathVista";
  }

  @Override
  public List<String> datasets() {
    return List.of("MathVista_MINI");
  }

  @Override
  public String text(Row row) {
    return row.require("question");
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    Map<String, String> prefetched = new HashMap<>();
    List<Item> open = new ArrayList<>();
    for (Item item : items) {
      Optional<String> answer = prefetch(item);
      answer.ifPresentOrElse(found -> prefetched.put(item.index(), found), () -> open.add(item));
    }
    Map<String, String> judged =
        judging.ask(
            "answer",
            open,
            ATTEMPTS,
            item -> reply -> true,
            item -> Map.of("question", item.require("question"), "reply", item.reply()));
    Map<String, int[]> counts = new LinkedHashMap<>();
    List<RowResult> rows = new ArrayList<>();
    List<Unit> units = new ArrayList<>();
    for (Item item : items) {
      String found = prefetched.get(item.index());
      boolean early = found != null;
      String answer = found != null ? found : judged.getOrDefault(item.index(), "");
      boolean hit = isHit(item, answer);
      List<String> groups = groups(item);
      count(counts, OVERALL, early, hit);
      groups.forEach(group -> count(counts, group, early, hit));
      Map<String, Object> read = new LinkedHashMap<>();
      read.put("extracted", answer);
      read.put("prefetched", early);
      rows.add(RowResult.hit(item, groups, hit, read));
      units.add(Unit.of(item.index(), groups, hit ? 1 : 0, 1));
    }
    List<Map<String, Object>> table = new ArrayList<>();
    counts.forEach((name, own) -> table.add(line(name, own)));
    List<String> notes =
        judging.isPresent()
            ? List.of()
            : List.of(
                open.size()
                    + " replies need a judge to extract the answer; without one they are misses");
    return new Scores(table, false, Figure.PERCENT.of(units), rows, units, notes);
  }

  private static void count(Map<String, int[]> counts, String group, boolean early, boolean hit) {
    int[] own = counts.computeIfAbsent(group, key -> new int[3]);
    own[0]++;
    own[1] += early ? 1 : 0;
    own[2] += hit ? 1 : 0;
  }

  private static Map<String, Object> line(String name, int[] counts) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("Task&Skill", name);
    line.put("tot", counts[0]);
    line.put("prefetch", counts[1]);
    line.put("hit", counts[2]);
    line.put("prefetch_rate", 100.0 * counts[1] / counts[0]);
    line.put("acc", 100.0 * counts[2] / counts[0]);
    return line;
  }

  /** The skills, a list or a name, and the task; a name that stands twice counts twice. */
  private static List<String> groups(Item item) {
    List<String> groups = new ArrayList<>();
    String cell = item.require("skills");
    PythonLiteral.parse(cell)
        .flatMap(PythonLiteral::list)
        .ifPresentOrElse(
            skills -> skills.forEach(skill -> groups.add(PythonLiteral.str(skill))),
            () -> groups.add(cell));
    groups.add(item.require("task"));
    return groups;
  }

  private static boolean isChoice(Item item) {
    return "multi_choice".equals(item.require("question_type"));
  }

  private static Map<String, String> options(Item item) {
    List<?> choices =
        PythonLiteral.parse(item.require("choices"))
            .flatMap(PythonLiteral::list)
            .orElseThrow(
                () -> item.row().error("choices", "is no list of choices; code is never run"));
    Map<String, String> options = new LinkedHashMap<>();
    for (Object choice : choices) {
      options.put(String.valueOf((char) ('A' + options.size())), PythonLiteral.str(choice));
    }
    return options;
  }

  private static Optional<String> prefetch(Item item) {
    if (isChoice(item)) {
      return OptionReading.read(item.reply(), options(item));
    }
    if (!isNumber(item) || !isHit(item, item.reply())) {
      return Optional.empty();
    }
    boolean whole = "integer".equals(item.get("answer_type"));
    Optional<String> number =
        whole
            ? PythonText.integer(item.reply()).map(BigInteger::toString)
            : PythonText.real(item.reply()).map(PythonText::repr);
    return number.filter(text -> Double.parseDouble(text) != 0);
  }

  private static boolean isNumber(Item item) {
    String type = item.get("answer_type");
    return "integer".equals(type) || "float".equals(type);
  }

  private static boolean isHit(Item item, String answer) {
    if (isChoice(item)) {
      // The tool writes the judge's replies to a file and reads it before it looks for options.
      return OptionReading.read(PythonText.throughPandas(answer), options(item))
          .filter(letter -> letter.equals(item.get("answer_option")))
          .isPresent();
    }
    String truth = item.require("answer");
    if ("integer".equals(item.get("answer_type"))) {
      Optional<BigInteger> number = PythonText.integer(answer);
      return number.isPresent() && number.equals(PythonText.integer(truth));
    }
    if ("float".equals(item.get("answer_type"))) {
      Optional<Double> number = PythonText.real(answer);
      Optional<Double> expected = PythonText.real(truth);
      return number.isPresent()
          && expected.isPresent()
          && number.get().doubleValue() == expected.get().doubleValue();
    }
    return false;
  }
}
