/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.dsvlm.train.run.StepMetrics;
import org.dsvlm.train.run.TrainingListener;
import org.jspecify.annotations.Nullable;

/**
 * Shows a run on standard error: a bar where that is a terminal, else a line now and then. Both
 * hold the losses, the rate, the memory and the time left.
 */
final class TrainingProgress implements TrainingListener {
  private static final long LINE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final double GIBIBYTE = 1L << 30;
  private static final double SMOOTHING = 0.9;

  private final boolean terminal;
  private final PrintWriter err;
  private final IntFunction<String> names;
  private @Nullable ProgressBar bar;
  private long total;
  private long done;
  private long startedAt;
  private long startedFrom;
  private long lastLine;
  private final Map<String, Double> smoothed = new LinkedHashMap<>();

  TrainingProgress(boolean terminal, PrintWriter err) {
    this(terminal, err, stage -> "stage " + stage);
  }

  /**
   * As above.
   *
   * @param names what to call a stage
   */
  TrainingProgress(boolean terminal, PrintWriter err, IntFunction<String> names) {
    this.terminal = terminal;
    this.err = err;
    this.names = names;
  }

  @Override
  public void stageStarted(int stage, long first, long steps) {
    total = steps;
    done = first;
    startedFrom = first;
    startedAt = System.nanoTime();
    lastLine = startedAt;
    smoothed.clear();
    String name = names.apply(stage);
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setStyle(ProgressBarStyle.ASCII)
              .setInitialMax(steps)
              .startsFrom(first, Duration.ZERO)
              .setMaxRenderedLength(Terminal.columns(System.getenv("COLUMNS")))
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    } else {
      err.println(name + ": " + (steps - first) + " steps");
    }
  }

  @Override
  public void stepDone(StepMetrics metrics) {
    done++;
    if (!metrics.finite()) {
      reportSkipped(metrics);
      return;
    }
    // A loss that this step had no record for keeps its average.
    metrics
        .losses()
        .forEach(
            (name, loss) ->
                smoothed.merge(
                    name, loss, (before, now) -> SMOOTHING * before + (1 - SMOOTHING) * now));
    String figures = figures(metrics);
    if (bar != null) {
      bar.step();
      bar.setExtraMessage(figures);
    } else if (System.nanoTime() - lastLine > LINE_EVERY_NANOS || done == total) {
      lastLine = System.nanoTime();
      err.printf(
          Locale.ROOT,
          "%s %d/%d, %s, %s left%n",
          names.apply(metrics.stage()),
          done,
          total,
          figures,
          timeLeft());
    }
  }

  private void reportSkipped(StepMetrics metrics) {
    if (bar != null) {
      bar.step();
    }
    err.printf(
        Locale.ROOT,
        "%s %d/%d: skipped, loss %s, gradient norm %s%n",
        names.apply(metrics.stage()),
        done,
        total,
        metrics.loss(),
        metrics.gradientNorm());
  }

  private String figures(StepMetrics metrics) {
    String losses =
        smoothed.entrySet().stream()
            .map(entry -> String.format(Locale.ROOT, "%s %.4f", entry.getKey(), entry.getValue()))
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "%s, %.1f samples/s, %.2f GiB",
        losses,
        metrics.samplesPerSecond(),
        metrics.residentBytes() / GIBIBYTE);
  }

  private String timeLeft() {
    double perStep = (System.nanoTime() - startedAt) / 1e9 / Math.max(1, done - startedFrom);
    long seconds = Math.round(perStep * (total - done));
    return String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
  }

  @Override
  public void stageEnded(int stage) {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
