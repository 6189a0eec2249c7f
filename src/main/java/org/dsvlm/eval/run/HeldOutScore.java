/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.dsvlm.eval.ClosedAnswer;

/**
 * Accuracy beside what needs no picture: chance, which is one over the number of options, and the
 * majority answer, which says to every question of a category what is most often right in it.
 *
 * @param questions how many were answered
 * @param accuracy share of right answers
 * @param chance expected share of someone who draws an option
 * @param majority share of someone who always gives the category's majority answer
 */
record HeldOutScore(int questions, double accuracy, double chance, double majority) {
  /** The score of one category, or of several that have one majority answer. */
  private static HeldOutScore of(Collection<ClosedAnswer> answers) {
    int count = answers.size();
    long hits = answers.stream().filter(ClosedAnswer::hit).count();
    double drawn = answers.stream().mapToDouble(answer -> 1.0 / answer.options().size()).sum();
    long most =
        answers.stream()
            .collect(
                Collectors.groupingBy(
                    answer -> answer.right().toLowerCase(Locale.ROOT), Collectors.counting()))
            .values()
            .stream()
            .mapToLong(Long::longValue)
            .max()
            .orElse(0);
    return new HeldOutScore(count, (double) hits / count, drawn / count, (double) most / count);
  }

  /** The scores of the categories that there are, by name. */
  static Map<String, HeldOutScore> byCategory(List<ClosedAnswer> answers) {
    Map<String, List<ClosedAnswer>> categories =
        answers.stream()
            .collect(
                Collectors.groupingBy(ClosedAnswer::category, TreeMap::new, Collectors.toList()));
    Map<String, HeldOutScore> scores = new LinkedHashMap<>();
    categories.forEach((category, own) -> scores.put(category, of(own)));
    return scores;
  }

  /** All questions together: each category with its own majority answer. */
  static HeldOutScore overall(Collection<HeldOutScore> categories) {
    int questions = categories.stream().mapToInt(HeldOutScore::questions).sum();
    return new HeldOutScore(
        questions,
        mean(categories, questions, HeldOutScore::accuracy),
        mean(categories, questions, HeldOutScore::chance),
        mean(categories, questions, HeldOutScore::majority));
  }

  private static double mean(
      Collection<HeldOutScore> categories, int questions, Function<HeldOutScore, Double> share) {
    return categories.stream().mapToDouble(one -> one.questions() * share.apply(one)).sum()
        / questions;
  }

  private ObjectNode put(ObjectNode json) {
    return json.put("questions", questions)
        .put("accuracy", accuracy)
        .put("chance", chance)
        .put("majority", majority);
  }

  /** The scores as the run's evaluation.json begins. */
  static ObjectNode json(List<ClosedAnswer> answers) {
    Map<String, HeldOutScore> categories = byCategory(answers);
    ObjectNode json = overall(categories.values()).put(JsonNodeFactory.instance.objectNode());
    ObjectNode below = json.putObject("by_category");
    categories.forEach((category, score) -> score.put(below.putObject(category)));
    return json;
  }

  /** A line for all questions and one for each category of {@code json}. */
  static String text(JsonNode json) {
    StringBuilder text = new StringBuilder();
    line(text, "held-out questions", json);
    for (Map.Entry<String, JsonNode> category : json.path("by_category").properties()) {
      line(text, "  " + category.getKey(), category.getValue());
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String name, JsonNode score) {
    text.append(
        String.format(
            Locale.ROOT,
            "%s: %.1f %% of %d right, chance %.1f %%, majority answer %.1f %%%n",
            name,
            100 * score.path("accuracy").asDouble(),
            score.path("questions").asInt(),
            100 * score.path("chance").asDouble(),
            100 * score.path("majority").asDouble()));
  }
}
