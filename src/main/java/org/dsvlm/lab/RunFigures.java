/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.JsonLines;
import org.dsvlm.train.run.RunFolder;

/** The figures of a finished and evaluated run. */
final class RunFigures {
  /** Share of the steps, from the end, over which a loss is averaged. */
  private static final int TENTH = 10;

  /** Figures that a run writes now and then; the last ones count. */
  private static final List<String> INSTRUMENTS =
      List.of("condition_use", "probe", "validation_loss");

  private RunFigures() {}

  /** Reads them from the files in the run's folder. */
  static Map<String, Double> of(RunFolder run) {
    Map<String, Double> figures = new TreeMap<>();
    List<JsonNode> steps = steps(run.metrics());
    for (String loss : List.of("language", "reconstruction")) {
      double[] values = values(steps, "loss_" + loss);
      if (values.length > 0) {
        int from = values.length - Math.max(1, values.length / TENTH);
        figures.put(loss, Arrays.stream(values, from, values.length).average().orElse(Double.NaN));
      }
    }
    for (int stage = 1; stage <= 2; stage++) {
      int number = stage;
      double[] seconds =
          steps.stream()
              .filter(step -> step.path("stage").asInt() == number)
              .mapToDouble(
                  step ->
                      step.path("samples").asDouble() / step.path("samples_per_second").asDouble())
              .sorted()
              .toArray();
      if (seconds.length > 0) {
        figures.put("seconds_stage" + stage, seconds[seconds.length / 2]);
      }
    }
    for (JsonNode step : steps) {
      step.properties().stream()
          .filter(entry -> INSTRUMENTS.stream().anyMatch(entry.getKey()::startsWith))
          .forEach(entry -> instrument(entry.getKey(), entry.getValue(), figures));
    }
    if (Files.exists(run.evaluation())) {
      evaluation(JsonConfig.read(run.evaluation()).json(), figures);
    }
    return figures;
  }

  /** A number, or numbers by name, whose mean goes by the instrument's own name. */
  private static void instrument(String key, JsonNode value, Map<String, Double> figures) {
    if (value.isNumber()) {
      figures.put(key, value.doubleValue());
    } else if (value.isObject()) {
      double sum = 0;
      for (Map.Entry<String, JsonNode> part : value.properties()) {
        figures.put(key + "." + part.getKey(), part.getValue().asDouble(Double.NaN));
        sum += part.getValue().asDouble(Double.NaN);
      }
      figures.put(key, sum / value.size());
    }
  }

  private static void evaluation(JsonNode json, Map<String, Double> figures) {
    for (String key : List.of("accuracy", "chance", "majority", "questions")) {
      figures.put(key, json.path(key).asDouble());
    }
    json.path("by_category")
        .properties()
        .forEach(
            category ->
                figures.put(
                    "accuracy." + category.getKey(),
                    category.getValue().path("accuracy").asDouble()));
  }

  private static double[] values(List<JsonNode> steps, String key) {
    return steps.stream()
        .map(step -> step.path(key))
        .filter(JsonNode::isNumber)
        .mapToDouble(JsonNode::doubleValue)
        .toArray();
  }

  private static List<JsonNode> steps(Path metrics) {
    List<JsonNode> steps = new ArrayList<>();
    JsonLines.read(metrics, steps::add);
    return steps;
  }
}
