/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.BadInput;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
  @TempDir private Path folder;

  private static Map<String, Double> weights(double text, double low) {
    Map<String, Double> weights = new LinkedHashMap<>();
    weights.put("text", text);
    weights.put("low", low);
    return weights;
  }

  private static StepMetrics metrics(long step) {
    Map<String, Double> down = weights(0.25, 0.75);
    Map<String, Double> mid = weights(Double.NaN, 0.5);
    Map<String, Map<String, Double>> router = new LinkedHashMap<>();
    router.put("down.0.0", down);
    router.put("mid.0", mid);
    return new StepMetrics(
        step,
        1,
        Map.of("language", 2.5),
        3,
        1e-3,
        0.5,
        7,
        4,
        2,
        100,
        Map.of("grad_norm_connector", 0.125),
        router);
  }

  @Test
  void writesOneObjectAStep() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    try (MetricsLog log = MetricsLog.after(0, file)) {
      log.write(metrics(1));
      assertThat(Files.readString(file))
          .isEqualTo(
              "{\"step\":1,\"stage\":1,\"loss_language\":2.5,\"loss\":3.0,\"learning_rate\":0.001,"
                  + "\"grad_norm\":0.5,\"skipped\":7,\"samples\":4,\"samples_per_second\":2.0,"
                  + "\"resident_bytes\":100,\"grad_norm_connector\":0.125,"
                  + "\"router_text\":null,\"router_low\":0.625,"
                  + "\"router\":{\"down.0.0\":[0.25,0.75],\"mid.0\":[null,0.5]}}\n");
    }
  }

  @Test
  @BadInput(
      number = 58,
      value = "bytes that are no text, or half a line, in the middle of metrics.jsonl",
      then = "the line is dropped with a message; all others are kept")
  void unsoundLinesInTheMiddleAreDroppedAlone() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes("{\"step\":1}\n{\"step\":2,\"lo\n".getBytes(StandardCharsets.UTF_8));
    bytes.write(0xff);
    bytes.write(0xfe);
    bytes.writeBytes("{\"step\":3}\n{\"step\":4}\n".getBytes(StandardCharsets.UTF_8));
    Files.write(file, bytes.toByteArray());
    try (MetricsLog log = MetricsLog.after(4, file)) {
      log.write(metrics(5));
    }
    assertThat(Files.readAllLines(file)).hasSize(3);
    assertThat(Files.readAllLines(file).get(1)).isEqualTo("{\"step\":4}");
  }

  @Test
  void dropsWhatCameAfterTheStepAndHalfLines() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    try (MetricsLog log = MetricsLog.after(0, file)) {
      for (long step = 1; step <= 5; step++) {
        log.write(metrics(step));
      }
    }
    Files.writeString(file, "{\"step\":6,\"sta", StandardOpenOption.APPEND);
    try (MetricsLog log = MetricsLog.after(3, file)) {
      log.write(metrics(4));
    }
    assertThat(Files.readAllLines(file)).hasSize(4);
    assertThat(Files.readAllLines(file).get(3)).startsWith("{\"step\":4,");
  }

  @Test
  @Closes(MetricsLog.class)
  void aClosedLogSaysSo() {
    MetricsLog log = MetricsLog.after(0, folder.resolve("metrics.jsonl"));
    Closed.saysSo(log, () -> log.write(metrics(1)));
    assertThat(folder.resolve("metrics.jsonl")).isEmptyFile();
  }
}
