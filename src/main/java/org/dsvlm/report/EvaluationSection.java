/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.train.recipe.EvaluationKeys;
import org.dsvlm.train.run.RunFolder;

/** The section of a run's answers to held-out questions. */
final class EvaluationSection {
  private static final List<String> HEADS =
      List.of("", "questions", "right", "chance", "majority answer");

  private EvaluationSection() {}

  /** The table; nothing where the run was not evaluated. */
  static String html(RunFolder run) {
    Path file = run.evaluation();
    if (!Files.exists(file)) {
      return "";
    }
    JsonNode json = JsonConfig.read(file).json();
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("all", json));
    for (Map.Entry<String, JsonNode> category : json.path("by_category").properties()) {
      rows.add(row(category.getKey(), category.getValue()));
    }
    return Html.section(
        "evaluation",
        "Held-out questions",
        "<p>About pictures that the training never saw"
            + (json.path("form").asText().equals(EvaluationKeys.OPEN)
                ? ", asked without their options"
                : "")
            + ". Chance draws one of the options; the majority answer says to every question of a"
            + " category what is most often right in it. Neither looks at a picture.</p>\n"
            + Html.table("Share of right answers, in percent", HEADS, rows));
  }

  private static List<String> row(String name, JsonNode score) {
    return List.of(
        name,
        Html.count(score.path("questions").asLong()),
        percent(score, "accuracy"),
        percent(score, "chance"),
        percent(score, "majority"));
  }

  private static String percent(JsonNode score, String key) {
    return String.format(Locale.ROOT, "%.1f", 100 * score.path(key).asDouble());
  }
}
