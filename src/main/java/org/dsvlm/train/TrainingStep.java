/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.LinkedHashMap;
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
import org.dsvlm.train.parallel.StepTotals;
import org.dsvlm.train.run.StepMetrics;

/**
 * One optimizer step of a stage: gradients, their sum over all processes, clipping to a common norm
 * (Pascanu et al. 2013), the update by AdamW, and the step's metrics. Every stage of a run takes
 * its steps here, and the benchmark times this step. One scope frees all that a step made.
 *
 * <p>A step whose loss or gradient is not finite is skipped: its gradients are dropped, and
 * parameters and optimizer stay as they are. It counts as a step all the same, so that schedule and
 * data go on as if it had been made.
 */
public final class TrainingStep {
  /** Forward and backward passes of one step; leaves the gradients at the parameters. */
  @FunctionalInterface
  public interface Passes {
    /** stageStep: steps of this stage done before. */
    StepLosses run(long stageStep);
  }

  private final int stage;
  private final long stepsBefore;
  private final Passes passes;
  private final GradientExchange exchange;
  private final AdamW optimizer;
  private final CosineWithWarmup schedule;
  private final double maxGradNorm;
  private final SkippedSteps skipped;

  /**
   * The step of {@code stage}, before which {@code stepsBefore} steps were counted.
   *
   * @param maxGradNorm the norm that the gradients are clipped to
   * @param skipped counts the steps that are skipped
   */
  TrainingStep(
      int stage,
      long stepsBefore,
      Passes passes,
      GradientExchange exchange,
      AdamW optimizer,
      CosineWithWarmup schedule,
      double maxGradNorm,
      SkippedSteps skipped) {
    this.stage = stage;
    this.stepsBefore = stepsBefore;
    this.passes = passes;
    this.exchange = exchange;
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.maxGradNorm = maxGradNorm;
    this.skipped = skipped;
  }

  /** The stage's number. */
  int stage() {
    return stage;
  }

  /** Steps of the whole stage. */
  long total() {
    return schedule.totalSteps();
  }

  /**
   * Takes one step.
   *
   * @param stageStep steps of this stage done before; fixes the learning rate
   * @return the step's metrics, not yet written anywhere
   * @throws org.dsvlm.io.DsVlmException if memory runs out, saying which key to lower
   */
  public StepMetrics run(long stageStep) {
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope()) {
      StepLosses own = passes.run(stageStep);
      exchange.finishGradients();
      GradientClipping clipping = GradientClipping.of(optimizer.gradientsByPart());
      StepLosses.Reading read = own.read(clipping.each());
      StepTotals totals = exchange.gather(read.figures(), clipping, read.more());
      GradientClipping.Norms norms = totals.norms();
      StepLosses.Figures figures = totals.figures();
      double factor = schedule.factor(stageStep);
      boolean finite = Double.isFinite(figures.total()) && Double.isFinite(norms.all());
      if (finite) {
        optimizer.step(factor, clipping.factor(norms.all(), maxGradNorm));
        exchange.updated();
      }
      optimizer.zeroGradients();
      exchange.drop();
      skipped.count(!finite);
      return new StepMetrics(
          stepsBefore + stageStep + 1,
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
      throw OutOfMemory.explained(e, "stage " + stage + ", step " + (stageStep + 1), advice());
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

  /** Norm and rate of each part, and a GPU's memory. */
  private Map<String, Double> details(GradientClipping.Norms norms, double factor) {
    Map<String, Double> details = new LinkedHashMap<>();
    norms.parts().forEach((part, norm) -> details.put(key(StepMetrics.GRADIENT_NORM, part), norm));
    for (ParameterGroup group : optimizer.groups()) {
      details.put(key(StepMetrics.LEARNING_RATE, group.name()), group.learningRate() * factor);
    }
    optimizer.groups().stream()
        .flatMap(group -> group.parameters().values().stream())
        .findFirst()
        .map(StepMetrics::deviceMemory)
        .ifPresent(details::putAll);
    return details;
  }

  private static String key(String figure, String part) {
    return figure + "_" + part;
  }
}
