/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.DsVlmException;

/**
 * Each process's report to the first one about its part of a step, for metrics and ledger.
 *
 * @param figures shares of the step's
 * @param badRecords entries of the ledger
 */
record StepReport(StepLosses.Figures figures, List<String> badRecords) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SAMPLES = "samples";
  private static final String LOSSES = "losses";
  private static final String ROUTER = "router";
  private static final String BAD_RECORDS = "bad_records";

  /** One line of JSON, without the total; numbers are text, as it has none for infinity. */
  String text() {
    ObjectNode json = JSON.createObjectNode().put(SAMPLES, figures.samples());
    put(json.putObject(LOSSES), figures.losses());
    ObjectNode router = json.putObject(ROUTER);
    figures.router().forEach((layer, row) -> put(router.putObject(layer), row));
    badRecords.forEach(json.putArray(BAD_RECORDS)::add);
    return json.toString();
  }

  private static void put(ObjectNode json, Map<String, Double> values) {
    values.forEach((name, value) -> json.put(name, value.toString()));
  }

  /** Reads the result of {@link #text}. */
  static StepReport parse(String text) {
    try {
      JsonNode json = JSON.readTree(text);
      Map<String, Map<String, Double>> router = new LinkedHashMap<>();
      json.path(ROUTER)
          .properties()
          .forEach(layer -> router.put(layer.getKey(), numbers(layer.getValue())));
      List<String> badRecords = new ArrayList<>();
      json.path(BAD_RECORDS).forEach(entry -> badRecords.add(entry.asText()));
      int samples = json.path(SAMPLES).asInt();
      return new StepReport(
          new StepLosses.Figures(numbers(json.path(LOSSES)), 0, router, samples), badRecords);
    } catch (JsonProcessingException e) {
      throw new DsVlmException("another process sent what is no report: " + text, e);
    }
  }

  private static Map<String, Double> numbers(JsonNode json) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    json.properties()
        .forEach(
            entry -> numbers.put(entry.getKey(), Double.parseDouble(entry.getValue().asText())));
    return numbers;
  }

  /** The figures of a step, of which {@code reports} have the shares. */
  static StepLosses.Figures sum(List<StepReport> reports, double total) {
    Map<String, Double> losses = new LinkedHashMap<>();
    Map<String, Map<String, Double>> router = new LinkedHashMap<>();
    int samples = 0;
    for (StepReport report : reports) {
      samples += report.figures().samples();
      report.figures().losses().forEach((name, share) -> losses.merge(name, share, Double::sum));
      report
          .figures()
          .router()
          .forEach(
              (layer, row) -> {
                Map<String, Double> sums =
                    router.computeIfAbsent(layer, name -> new LinkedHashMap<>());
                row.forEach((feature, share) -> sums.merge(feature, share, Double::sum));
              });
    }
    return new StepLosses.Figures(losses, total, router, samples);
  }
}
