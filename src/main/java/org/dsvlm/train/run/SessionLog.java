/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.kernels.Kernels;

/**
 * The times at which processes began and ended each stage of a run, with their versions: one object
 * a line. A stage that began without an end has failed, was killed, or is under way; an end has the
 * time of the process in the stage and the instruments' part of it.
 */
public final class SessionLog implements TrainingListener {
  /** Set by the launcher: the source tree's commit. */
  private static final String COMMIT = "dsvlm.commit";

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  private final Path file;
  private final String device;
  private long stageStart;
  private double instrumentSeconds;

  public SessionLog(Path file, String device) {
    this.file = file;
    this.device = device;
  }

  @Override
  public void stageStarted(int stage, long done, long total) {
    ObjectNode line = line("started", stage).put("done", done).put("total", total);
    describe(line.putObject("system"));
    write(line);
    stageStart = System.nanoTime();
    instrumentSeconds = 0;
  }

  @Override
  public void stepDone(StepMetrics metrics) {}

  @Override
  public void measured(StepMetrics metrics, Measurement measurement) {
    instrumentSeconds += measurement.seconds();
  }

  @Override
  public void stageEnded(int stage) {
    write(
        line("ended", stage)
            .put("seconds", (System.nanoTime() - stageStart) / 1e9)
            .put("instruments_seconds", instrumentSeconds));
  }

  private static ObjectNode line(String event, int stage) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
        .put("event", event)
        .put("stage", stage);
  }

  private void describe(ObjectNode system) {
    String version = SessionLog.class.getPackage().getImplementationVersion();
    system
        .put("dsvlm", version == null ? "(not packaged)" : version)
        .put("commit", System.getProperty(COMMIT, ""))
        .put("libtorch", libTorch())
        .put("operators", Kernels.nativeLoaded() ? "native" : "of LibTorch")
        .put("java", Runtime.version().toString())
        .put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"))
        .put("device", device)
        .put("processor", processor())
        .put("processors", Runtime.getRuntime().availableProcessors())
        .put("threads", torch.get_num_threads());
  }

  private static String libTorch() {
    try {
      return Loader.getVersion("org.bytedeco", "pytorch");
    } catch (IOException e) {
      return "";
    }
  }

  /** The first processor's name, where Linux tells. */
  private static String processor() {
    if (!Files.isReadable(PROCESSORS)) {
      return "";
    }
    try {
      List<String> lines = Files.readAllLines(PROCESSORS);
      return lines.stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  private void write(ObjectNode line) {
    try {
      Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be written: " + e.getMessage(), e);
    }
  }
}
