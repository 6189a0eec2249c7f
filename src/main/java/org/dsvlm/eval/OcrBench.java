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
import org.dsvlm.eval.table.PythonLiteral;
import org.dsvlm.eval.table.PythonText;
import org.dsvlm.eval.table.Row;

/**
 * OCRBench: a hit where any reference answer stands in the reply, letter case aside. Handwritten
 * formulas are compared without spaces but with their case. The table counts hits; of the
 * benchmark's 1000 rows the headline is a tenth.
 */
final class OcrBench implements Benchmark {
  private static final String FORMULAS = "Handwritten Mathematical Expression Recognition";
  private static final String TEXT = "Text Recognition";

  /** Category to line of the table. */
  private static final Map<String, String> LINES = lines();

  private static Map<String, String> lines() {
    Map<String, String> lines = new LinkedHashMap<>();
    for (String kind :
        List.of(
            "Regular Text",
            "Irregular Text",
            "Artistic Text",
            "Handwriting",
            "Digit String",
            "Non-Semantic Text")) {
      lines.put(kind + " Recognition", TEXT);
    }
    for (String own :
        List.of(
            "Scene Text-centric VQA", "Doc-oriented VQA", "Key Information Extraction", FORMULAS)) {
      lines.put(own, own);
    }
    return lines;
  }

  @Override
  public String key() {
    return "ocrbench";
  }

  @Override
  public String title() {
    return "OCRBench";
  }

  @Override
  public List<String> datasets() {
    return List.of("OCRBench");
  }

  @Override
  public String text(Row row) {
    return row.require("question");
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    Map<String, Integer> hits = new LinkedHashMap<>();
    LINES.values().forEach(line -> hits.put(line, 0));
    List<RowResult> rows = new ArrayList<>();
    List<Unit> units = new ArrayList<>();
    int all = 0;
    for (Item item : items) {
      String category = item.require("category");
      String line = LINES.get(category);
      if (line == null) {
        throw item.row()
            .error("category", "'" + category + "' is none of OCRBench's: " + LINES.keySet());
      }
      boolean hit = isHit(item, category.equals(FORMULAS));
      all += hit ? 1 : 0;
      hits.merge(line, hit ? 1 : 0, Integer::sum);
      rows.add(RowResult.hit(item, List.of(category), hit, Map.of()));
      units.add(Unit.of(item.index(), List.of(category), hit ? 1 : 0, 1));
    }
    Map<String, Object> table = new LinkedHashMap<>(hits);
    table.put("Final Score", all);
    table.put("Final Score Norm", all / 10.0);
    return new Scores(List.of(table), true, all / 10.0, rows, units, notes(items.size()));
  }

  private static List<String> notes(int rows) {
    return rows == 1000
        ? List.of()
        : List.of("OCRBench has 1000 rows, of which the score is a tenth; here are " + rows);
  }

  private static boolean isHit(Item item, boolean formula) {
    String reply = formula ? squeezed(item.reply()) : flat(item.reply());
    List<?> answers =
        PythonLiteral.parse(item.require("answer"))
            .flatMap(PythonLiteral::list)
            .orElseThrow(
                () -> item.row().error("answer", "is no list of answers; code is never run"));
    for (Object answer : answers) {
      if (!(answer instanceof String text)) {
        throw item.row()
            .error("answer", "holds " + PythonLiteral.str(answer) + ", which is no text");
      }
      if (reply.contains(formula ? squeezed(text) : flat(text))) {
        return true;
      }
    }
    return false;
  }

  private static String flat(String text) {
    return PythonText.strip(text.toLowerCase(Locale.ROOT)).replace('\n', ' ');
  }

  private static String squeezed(String text) {
    return PythonText.strip(text).replace('\n', ' ').replace(" ", "");
  }
}
