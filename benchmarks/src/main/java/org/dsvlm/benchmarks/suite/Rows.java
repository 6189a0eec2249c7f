/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.AtomicFiles;

/**
 * The results of a run, as a JSON file holds them.
 *
 * @param facts date, commit, machine, versions, rates: by name, in the order of the page
 * @param rows one a case
 */
record Rows(Map<String, String> facts, List<Row> rows) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  /**
   * One case.
   *
   * @param unit of the table's figures; times here are milliseconds of one operation always
   * @param peer null where PyTorch's side was not run
   * @param ratio the peer's time over ours: the median over the rounds; null without a peer
   * @param floorMs time that the machine needs at least; null where none is defined
   * @param notes what a reader has to know; errors among them
   */
  record Row(
      String op,
      String mode,
      String shape,
      String dtype,
      String unit,
      Figure ours,
      Figure peer,
      Double ratio,
      Double floorMs,
      List<String> notes) {
    String name() {
      return op + "." + mode + " " + shape + " " + dtype;
    }

    /** The floor's share of our time; null without a floor. */
    Double floorShare() {
      return floorMs == null || ours == null ? null : floorMs / ours.medianMs();
    }
  }

  /**
   * One side of a case.
   *
   * @param medianMs median over the rounds of each round's median
   * @param roundsMs each round's iterations
   * @param extraBytes memory at the peak of one call beyond inputs, result and gradients; null if
   *     not measured
   */
  record Figure(double medianMs, List<List<Double>> roundsMs, Long extraBytes) {
    static Figure of(List<List<Double>> roundsMs, Long extraBytes) {
      return new Figure(median(medians(roundsMs)), roundsMs, extraBytes);
    }
  }

  static List<Double> medians(List<List<Double>> rounds) {
    return rounds.stream().map(Rows::median).toList();
  }

  static double median(List<Double> numbers) {
    List<Double> sorted = numbers.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /** The answer of a probe of either side. */
  static Side.Probed probed(JsonNode answer) {
    List<Double> check = new ArrayList<>();
    answer.path("check").forEach(number -> check.add(number.asDouble()));
    return new Side.Probed(answer.path("extra_bytes").asLong(), check);
  }

  String json() {
    try {
      return MAPPER.writeValueAsString(this) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  void write(Path file) {
    AtomicFiles.text(file, json());
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws UsageException if the file is none
   */
  static Rows read(Path file) {
    try {
      Rows rows = MAPPER.readValue(Files.readString(file), Rows.class);
      if (rows == null || rows.rows() == null) {
        throw new UsageException(file + ": holds no 'rows'; give a file that --json has written");
      }
      return rows;
    } catch (JsonProcessingException e) {
      throw new UsageException(file + ": is no result of --json: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UsageException(file + ": cannot be read: " + e, e);
    }
  }
}
