/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.JsonLines;
import org.dsvlm.io.StrictJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file of one JSON object a step, each on disk as soon as the step is done. */
public final class MetricsLog implements AutoCloseable {
  private static final ObjectMapper JSON = StrictJson.json();
  private static final Logger LOG = LoggerFactory.getLogger(MetricsLog.class);

  /** The step of a line that has none. */
  private static final long UNSOUND = Long.MAX_VALUE;

  private final Path file;
  private final BufferedWriter writer;

  private MetricsLog(Path file, BufferedWriter writer) {
    this.file = file;
    this.writer = writer;
  }

  /** A log that keeps nothing. */
  public static MetricsLog none() {
    return new MetricsLog(Path.of("none"), new BufferedWriter(Writer.nullWriter()));
  }

  /**
   * Opens {@code file} to add to it after {@code step}; what an interrupted run wrote beyond that
   * step is dropped, and so is each line that is not whole, wherever it stands.
   */
  public static MetricsLog after(long step, Path file) {
    if (Files.exists(file)) {
      try {
        String text = new String(InputFiles.bytes(file), StandardCharsets.UTF_8);
        List<String> lines = text.lines().toList();
        List<String> kept = lines.stream().filter(line -> stepOf(line) <= step).toList();
        long unsound = lines.stream().filter(line -> stepOf(line) == UNSOUND).count();
        if (unsound > 0) {
          LOG.warn("{}: {} lines are no steps and are dropped", file, unsound);
        }
        if (kept.size() < lines.size() || !text.endsWith("\n")) {
          AtomicFiles.text(file, kept.isEmpty() ? "" : String.join("\n", kept) + "\n");
        }
      } catch (IOException e) {
        throw failed(file, e);
      }
    }
    try {
      return new MetricsLog(
          file,
          Files.newBufferedWriter(
              file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /**
   * The figure {@code key} of each step in {@code file} that has it and was not skipped, by step,
   * in order.
   */
  public static Map<Long, Double> valuesOfGoodSteps(Path file, String key) {
    Map<Long, Double> values = new LinkedHashMap<>();
    JsonLines.read(
        file,
        row -> {
          JsonNode value = row.path(key);
          boolean good =
              row.path("loss").isNumber() && row.path(StepMetrics.GRADIENT_NORM).isNumber();
          if (value.isNumber() && good) {
            values.put(stepOf(row), value.doubleValue());
          }
        });
    return values;
  }

  private static long stepOf(String line) {
    try {
      return stepOf(JSON.readTree(line));
    } catch (JsonProcessingException e) {
      return UNSOUND;
    }
  }

  private static long stepOf(JsonNode line) {
    return line.path("step").asLong(UNSOUND);
  }

  public void write(StepMetrics metrics) {
    write(metrics, Measurement.NONE);
  }

  /** Writes the metrics of a step and what the instruments say after it. */
  public void write(StepMetrics metrics, Measurement measurement) {
    ObjectNode line = metrics.toJson();
    measurement.addTo(line);
    try {
      writer.write(line.toString());
      writer.newLine();
      writer.flush();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static DsVlmException failed(Path file, IOException e) {
    return new DsVlmException(file + ": metrics cannot be written: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
