/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.dsvlm.eval.answer.AnswerListener;
import org.jspecify.annotations.Nullable;

/**
 * Shows the answering on standard error: a bar where that is a terminal, else a line now and then.
 * Both hold the rate and the time left.
 */
final class AnsweringProgress implements AnswerListener, AutoCloseable {
  private static final long LINE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final boolean terminal;
  private final PrintWriter err;
  private final String name;
  private @Nullable ProgressBar bar;
  private int open;
  private int done;
  private long startedAt;
  private long lastLine;

  /** name: of what is answered. */
  AnsweringProgress(boolean terminal, PrintWriter err, String name) {
    this.terminal = terminal;
    this.err = err;
    this.name = name;
  }

  @Override
  public void started(int questions, int toAnswer) {
    // One file of questions may follow another.
    close();
    open = toAnswer;
    done = 0;
    startedAt = System.nanoTime();
    lastLine = startedAt;
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setStyle(ProgressBarStyle.ASCII)
              .setInitialMax(toAnswer)
              .setMaxRenderedLength(Terminal.columns(System.getenv("COLUMNS")))
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .showSpeed()
              .build();
    } else {
      err.printf(Locale.ROOT, "%s: %d questions, %d to answer%n", name, questions, toAnswer);
    }
  }

  @Override
  public void answered(int count) {
    done += count;
    if (bar != null) {
      bar.stepBy(count);
    } else if (System.nanoTime() - lastLine > LINE_EVERY_NANOS || done == open) {
      lastLine = System.nanoTime();
      double seconds = (System.nanoTime() - startedAt) / 1e9;
      long left = Math.round(seconds / done * (open - done));
      err.printf(
          Locale.ROOT,
          "%s: %d/%d, %.1f questions/s, %d:%02d left%n",
          name,
          done,
          open,
          done / seconds,
          left / 60,
          left % 60);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
