/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.Judging;
import org.dsvlm.eval.Question;
import org.dsvlm.eval.QuestionPart;
import org.dsvlm.eval.RowResult;
import org.dsvlm.eval.Scores;
import org.dsvlm.eval.judge.JudgeInstructions;
import org.dsvlm.eval.judge.RecordedReplies;
import org.dsvlm.eval.table.TsvTable;

/** A benchmark's file, replies to it and what the leaderboard's tool made of both. */
final class EvaluationRunner implements GoldenRunner {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** What stands in rows.json about the question; everything else was read from the reply. */
  private static final Set<String> OF_THE_QUESTION =
      Set.of("index", "message", "llava_prompt", "pictures");

  @Override
  public void run(GoldenCase golden) throws Exception {
    Path folder = golden.folder();
    Benchmark benchmark = Benchmarks.named(golden.description().path("benchmark").asText());
    double tolerance = golden.description().path("tolerance").asDouble();
    Path judgeReplies = folder.resolve("judge.json");
    Judging judging =
        Files.exists(judgeReplies)
            ? new Judging(RecordedReplies.read(judgeReplies), JudgeInstructions.ours())
            : Judging.NONE;
    try (BenchmarkFile file = BenchmarkFile.open(benchmark, folder.resolve("data.tsv"));
        TsvTable predictions = TsvTable.open(folder.resolve("predictions.tsv"), Set.of())) {
      Scores scores = benchmark.score(file.items(BenchmarkFile.predictions(predictions)), judging);
      JsonNode rows = json(folder.resolve("rows.json"));
      questions(golden, file, rows);
      replies(golden, scores, rows, tolerance);
      JsonNode table =
          scores.oneLine()
              ? MAPPER.valueToTree(scores.table().get(0))
              : MAPPER.valueToTree(scores.table());
      same(golden, "scores.json", table, json(folder.resolve("scores.json")), tolerance);
    }
  }

  private static JsonNode json(Path file) throws IOException {
    return MAPPER.readTree(file.toFile());
  }

  private static void questions(GoldenCase golden, BenchmarkFile file, JsonNode rows) {
    if (file.size() != rows.size()) {
      golden.fail(file.size() + " questions, expected " + rows.size());
      return;
    }
    for (int i = 0; i < file.size(); i++) {
      Question question = file.get(i);
      JsonNode row = rows.get(i);
      String where = "row " + row.path("index").asText();
      equal(golden, where + " index", question.index(), row.path("index").asText());
      List<Object> parts = new ArrayList<>();
      for (QuestionPart part : question.parts()) {
        Map<String, Object> map = new HashMap<>();
        map.put("type", part instanceof QuestionPart.Text ? "text" : "image");
        map.put("value", part instanceof QuestionPart.Text text ? text.text() : null);
        parts.add(map);
      }
      equal(golden, where + " message", MAPPER.valueToTree(parts), row.path("message"));
      equal(
          golden,
          where + " llava_prompt",
          question.leaderboardPrompt(),
          row.path("llava_prompt").asText());
      equal(golden, where + " pictures", question.pictures().size(), row.path("pictures").asInt());
      question.pictures().forEach(picture -> picture.picture());
    }
  }

  private static void replies(GoldenCase golden, Scores scores, JsonNode rows, double tolerance) {
    Map<String, RowResult> results = new HashMap<>();
    scores.rows().forEach(result -> results.put(result.index(), result));
    for (JsonNode row : rows) {
      String index = row.path("index").asText();
      RowResult result = results.get(index);
      if (result == null) {
        golden.fail("row " + index + " was not scored");
        continue;
      }
      JsonNode read = MAPPER.valueToTree(result.read());
      row.properties().stream()
          .filter(fact -> !OF_THE_QUESTION.contains(fact.getKey()))
          .forEach(
              fact ->
                  same(
                      golden,
                      "row " + index + " " + fact.getKey(),
                      read.path(fact.getKey()),
                      fact.getValue(),
                      tolerance));
    }
  }

  private static void equal(GoldenCase golden, String what, Object actual, Object expected) {
    if (!actual.equals(expected)) {
      golden.fail(what + ": " + actual + ", expected " + expected);
    }
  }

  /** Compares trees: numbers within the tolerance, lists in any order of their "split". */
  private static void same(
      GoldenCase golden, String what, JsonNode actual, JsonNode expected, double tolerance) {
    if (expected.isNumber() && actual.isNumber()) {
      if (!(Math.abs(actual.asDouble() - expected.asDouble()) <= tolerance)) {
        golden.fail(what + ": " + actual + ", expected " + expected);
      }
    } else if (expected.isArray() && actual.isArray()) {
      Map<String, JsonNode> own = byFirst(actual);
      Map<String, JsonNode> theirs = byFirst(expected);
      equal(golden, what + " lines", new TreeSet<>(own.keySet()), new TreeSet<>(theirs.keySet()));
      theirs.forEach(
          (name, line) -> {
            if (own.containsKey(name)) {
              same(golden, what + " " + name, own.get(name), line, tolerance);
            }
          });
    } else if (expected.isObject() && actual.isObject()) {
      Set<String> names = new HashSet<>();
      actual.fieldNames().forEachRemaining(names::add);
      Set<String> wanted = new HashSet<>();
      expected.fieldNames().forEachRemaining(wanted::add);
      equal(golden, what + " columns", names, wanted);
      wanted.forEach(
          name ->
              same(golden, what + " " + name, actual.path(name), expected.path(name), tolerance));
    } else {
      equal(golden, what, actual, expected);
    }
  }

  /** The lines by their first cell; the tool's order of splits is that of a Python set. */
  private static Map<String, JsonNode> byFirst(JsonNode lines) {
    Map<String, JsonNode> map = new HashMap<>();
    for (JsonNode line : lines) {
      map.put(line.isObject() ? line.elements().next().toString() : line.toString(), line);
    }
    return map;
  }

  @Override
  public boolean isInput(String name) {
    return false;
  }
}
