/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.OutOfMemory;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.CosineWithWarmup;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.parallel.StepLosses;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.StepMetrics;
import org.dsvlm.train.run.TrainingListener;

/**
 * The steps of one stage: gradients by the stage's own body, then clipping, update, metrics. One
 * scope a step frees all that the step made.
 *
 * <p>A step whose loss or gradient is not finite is skipped: its gradients are dropped, and
 * parameters and optimizer stay as they are. It counts as a step all the same, so that schedule and
 * data go on as if it had been made.
 */
final class StageLoop {
  /** Forward and backward passes of one step; leaves the gradients at the parameters. */
  @FunctionalInterface
  interface Body {
    /** stageStep: steps of this stage done before. */
    StepLosses run(long stageStep);
  }

  /** What follows a step that is done and on record: a checkpoint, perhaps. */
  @FunctionalInterface
  interface AfterStep {
    /**
     * Tells whether to go on.
     *
     * @param stageStep steps of this stage done, this one included
     */
    boolean done(long stageStep);
  }

  private final int stage;
  private final long stepsBefore;
  private final GradientExchange exchange;
  private final AdamW optimizer;
  private final CosineWithWarmup schedule;
  private final double maxGradNorm;
  private final SkippedSteps skipped;

  /** A loop of {@code stage}, before which {@code stepsBefore} steps were counted. */
  StageLoop(
      int stage,
      long stepsBefore,
      GradientExchange exchange,
      AdamW optimizer,
      CosineWithWarmup schedule,
      double maxGradNorm,
      SkippedSteps skipped) {
    this.stage = stage;
    this.stepsBefore = stepsBefore;
    this.exchange = exchange;
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.maxGradNorm = maxGradNorm;
    this.skipped = skipped;
  }

  /**
   * Runs the steps from {@code first} to the schedule's end, or until {@code after} ends them.
   *
   * @return whether the stage may be followed by what comes next
   * @throws org.dsvlm.io.DsVlmException if too many steps in a row had to be skipped
   */
  boolean run(long first, Body body, MetricsLog log, TrainingListener listener, AfterStep after) {
    listener.stageStarted(stage, first, schedule.totalSteps());
    boolean goOn = true;
    for (long step = first; goOn && step < schedule.totalSteps(); step++) {
      StepMetrics metrics = step(step, body);
      log.write(metrics);
      listener.stepDone(metrics);
      skipped.stopIfTooMany(metrics);
      goOn = after.done(step + 1);
    }
    listener.stageEnded(stage);
    return goOn;
  }

  private StepMetrics step(long step, Body body) {
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope()) {
      StepLosses own = body.run(step);
      exchange.finishGradients();
      GradientClipping clipping = GradientClipping.of(optimizer.gradientsByPart());
      StepLosses.Reading read = own.read(clipping.each());
      GradientClipping.Norms norms = exchange.norms(clipping, read.more());
      StepLosses.Figures figures = exchange.gather(read.figures());
      double factor = schedule.factor(step);
      boolean finite = Double.isFinite(figures.total()) && Double.isFinite(norms.all());
      if (finite) {
        optimizer.step(factor, clipping.factor(norms.all(), maxGradNorm));
        exchange.updated();
      }
      optimizer.zeroGradients();
      exchange.drop();
      skipped.count(!finite);
      return new StepMetrics(
          stepsBefore + step + 1,
          stage,
          figures.losses(),
          figures.total(),
          optimizer.groups().get(0).learningRate() * factor,
          norms.all(),
          skipped.total(),
          figures.samples(),
          (System.nanoTime() - start) / 1e9,
          MemoryFigures.residentBytes(),
          details(norms, factor),
          figures.router());
    } catch (RuntimeException e) {
      throw OutOfMemory.explained(e, "stage " + stage + ", step " + (step + 1), advice());
    }
  }

  private String advice() {
    String smaller =
        stage == 0
            ? "Lower stage0.batch_size"
            : "Lower stage"
                + stage
                + ".micro_batch_size, which changes the memory of a step and not its result, or"
                + " data.max_length";
    return smaller + "; precision bfloat16 takes half of float32";
  }

  /** Norm and rate of each part. */
  private Map<String, Double> details(GradientClipping.Norms norms, double factor) {
    Map<String, Double> details = new LinkedHashMap<>();
    norms.parts().forEach((part, norm) -> details.put(key(StepMetrics.GRADIENT_NORM, part), norm));
    for (ParameterGroup group : optimizer.groups()) {
      details.put(key(StepMetrics.LEARNING_RATE, group.name()), group.learningRate() * factor);
    }
    return details;
  }

  private static String key(String figure, String part) {
    return figure + "_" + part.toLowerCase(Locale.ROOT).replace(' ', '_');
  }
}
