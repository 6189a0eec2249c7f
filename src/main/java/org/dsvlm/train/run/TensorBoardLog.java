/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.dsvlm.io.OpenState;
import org.jspecify.annotations.Nullable;

/**
 * Writes what TensorBoard shows of a run: scalars of every step, and pictures now and then. A run
 * that is resumed begins another file; TensorBoard drops what an earlier one says of the steps that
 * are made again.
 */
public final class TensorBoardLog implements TrainingListener, AutoCloseable {
  private static final int RGB = 3;

  // Of summary.proto: Summary.value, Summary.Value and Summary.Image.
  private static final int VALUE = 1;
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;
  private static final int IMAGE = 4;
  private static final int IMAGE_HEIGHT = 1;
  private static final int IMAGE_WIDTH = 2;
  private static final int IMAGE_COLORSPACE = 3;
  private static final int IMAGE_ENCODED = 4;

  /** Groups tags by their beginning: grad_norm/connector, grad_norm/unet … */
  private static final Pattern GROUPS =
      Pattern.compile(
          "^("
              + StepMetrics.GRADIENT_NORM
              + "|"
              + StepMetrics.LEARNING_RATE
              + "|validation_loss)_");

  private final Path folder;
  private final OpenState open;
  private @Nullable EventFile events;

  /** A log in {@code folder}, where nothing is written before the first step. */
  public TensorBoardLog(Path folder) {
    this.folder = folder;
    this.open = new OpenState(folder.toString());
  }

  private void add(long step, ProtobufMessage summary) {
    open.require();
    if (events == null) {
      events = EventFile.create(folder, step);
    }
    events.add(step, summary);
  }

  @Override
  public void stageStarted(int stage, long done, long total) {}

  @Override
  public void stepDone(StepMetrics metrics) {
    ProtobufMessage summary = new ProtobufMessage();
    metrics.losses().forEach((name, value) -> scalar(summary, "loss/" + name, value));
    scalar(summary, "loss/total", metrics.loss());
    scalar(summary, StepMetrics.LEARNING_RATE, metrics.learningRate());
    scalar(summary, StepMetrics.GRADIENT_NORM + "/total", metrics.gradientNorm());
    scalar(summary, "skipped", metrics.skipped());
    scalar(summary, "samples_per_second", metrics.samplesPerSecond());
    scalar(summary, "resident_bytes", metrics.residentBytes());
    metrics
        .details()
        .forEach((name, value) -> scalar(summary, GROUPS.matcher(name).replaceFirst("$1/"), value));
    metrics
        .routerMeans()
        .forEach((feature, weight) -> scalar(summary, StepMetrics.ROUTER + "/" + feature, weight));
    metrics
        .router()
        .forEach(
            (layer, row) ->
                row.forEach(
                    (feature, weight) ->
                        scalar(summary, StepMetrics.ROUTER + "_" + feature + "/" + layer, weight)));
    add(metrics.step(), summary);
  }

  @Override
  public void measured(StepMetrics metrics, Measurement measurement) {
    if (measurement.isEmpty()) {
      return;
    }
    ProtobufMessage summary = new ProtobufMessage();
    measurement
        .figures()
        .forEach((name, value) -> scalar(summary, GROUPS.matcher(name).replaceFirst("$1/"), value));
    measurement
        .series()
        .forEach(
            (name, values) ->
                values.forEach((key, value) -> scalar(summary, name + "/" + key, value)));
    add(metrics.step(), summary);
  }

  private static void scalar(ProtobufMessage summary, String tag, double value) {
    summary.message(
        VALUE, new ProtobufMessage().text(TAG, tag).single(SIMPLE_VALUE, (float) value));
  }

  @Override
  public void stageEnded(int stage) {}

  /** Adds a picture to what is shown of {@code step}. */
  void add(long step, String tag, PictureGrid grid) {
    ProtobufMessage image =
        new ProtobufMessage()
            .integer(IMAGE_HEIGHT, grid.height())
            .integer(IMAGE_WIDTH, grid.width())
            .integer(IMAGE_COLORSPACE, RGB)
            .bytes(IMAGE_ENCODED, grid.png());
    add(
        step,
        new ProtobufMessage()
            .message(VALUE, new ProtobufMessage().text(TAG, tag).message(IMAGE, image)));
  }

  @Override
  public void close() {
    open.close();
    if (events != null) {
      events.close();
    }
  }
}
