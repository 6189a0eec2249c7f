/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.JsonLines;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.run.CheckpointFolder;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.StepMetrics;
import org.dsvlm.train.run.TrainingListener;
import org.dsvlm.weights.HeldWeights;

/** The steps of a part's training, with checkpoints in a folder of its own. */
final class PartLoop {
  private static final String METRICS = "metrics.jsonl";
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.98;
  private static final double EPS = 1e-8;
  private static final int KEEP = 1;

  private final PartTraining training;
  private final Path work;
  private final long steps;
  private final double learningRate;
  private final double weightDecay;
  private final double maxGradNorm;
  private final long checkpointEvery;

  PartLoop(PartTraining training, JsonConfig settings, Path work) {
    this.training = training;
    this.work = work;
    this.steps = settings.integer("steps", 0);
    this.learningRate = steps == 0 ? 0 : settings.number("learning_rate");
    this.weightDecay = settings.number("weight_decay", 0.01);
    this.maxGradNorm = settings.number("max_grad_norm", 1);
    this.checkpointEvery = settings.integer("checkpoint_every", 200);
  }

  /** Runs the steps that are still to be done; returns whether all are. */
  boolean run(TrainingListener listener, BooleanSupplier stop) {
    if (steps == 0) {
      return true;
    }
    CheckpointFolder checkpoints = new CheckpointFolder(work.resolve("checkpoints"), KEEP);
    Map<String, Tensor> parameters = training.parameters();
    Schedule schedule = new Schedule(steps);
    try (AdamW optimizer = new AdamW(groups(parameters), BETA1, BETA2, EPS)) {
      Optional<CheckpointFolder.Position> latest = checkpoints.latest();
      latest.ifPresent(
          position -> {
            checkpoints.loadModel(position, parameters);
            checkpoints.loadOptimizer(position, optimizer.state(), (name, whole) -> whole);
          });
      long done = latest.map(CheckpointFolder.Position::step).orElse(0L);
      createFolder();
      try (MetricsLog log = MetricsLog.after(done, work.resolve(METRICS))) {
        listener.stageStarted(0, done, steps);
        boolean stopping = false;
        while (done < steps && !stopping) {
          StepMetrics metrics = step(optimizer, done, schedule.factor(done));
          done++;
          log.write(metrics);
          listener.stepDone(metrics);
          if (!metrics.finite()) {
            throw new DsVlmException(
                "step " + done + ": the loss is not finite; lower learning_rate");
          }
          stopping = stop.getAsBoolean();
          if (stopping || done == steps || done % checkpointEvery == 0) {
            checkpoints.save(
                new CheckpointFolder.Position(0, done, done, 0, 0),
                parameters,
                new HeldWeights(optimizer.state()));
          }
        }
        listener.stageEnded(0);
      }
      return done == steps;
    }
  }

  private void createFolder() {
    try {
      Files.createDirectories(work);
    } catch (IOException e) {
      throw new DsVlmException(work + ": cannot be made: " + e.getMessage(), e);
    }
  }

  /** Matrices decay; norms and biases do not. */
  private List<ParameterGroup> groups(Map<String, Tensor> parameters) {
    Map<String, Tensor> matrices = new LinkedHashMap<>();
    Map<String, Tensor> others = new LinkedHashMap<>();
    parameters.forEach((name, tensor) -> (tensor.dim() > 1 ? matrices : others).put(name, tensor));
    return List.of(
        new ParameterGroup("matrices", matrices, learningRate, weightDecay),
        new ParameterGroup("others", others, learningRate, 0));
  }

  private StepMetrics step(AdamW optimizer, long done, double factor) {
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope()) {
      Loss loss = training.loss(done);
      loss.total().backward();
      GradientClipping clipping = GradientClipping.of(optimizer.gradients());
      double norm = clipping.norms().all();
      double total = Torch.item(loss.total());
      if (Double.isFinite(total) && Double.isFinite(norm)) {
        optimizer.step(factor, clipping.factor(norm, maxGradNorm));
      }
      optimizer.zeroGradients();
      Map<String, Double> named = new LinkedHashMap<>();
      loss.named().forEach((name, value) -> named.put(name, Torch.item(value)));
      return new StepMetrics(
          done + 1,
          0,
          named,
          total,
          learningRate * factor,
          norm,
          0,
          loss.samples(),
          (System.nanoTime() - start) / 1e9,
          MemoryFigures.residentBytes(),
          StepMetrics.deviceMemory(loss.total()),
          Map.of());
    }
  }

  /** Time that all steps took, of sessions before this one too. */
  double seconds() {
    Path file = work.resolve(METRICS);
    List<Double> seconds = new ArrayList<>();
    JsonLines.read(
        file,
        step ->
            seconds.add(
                step.path("samples").asDouble() / step.path("samples_per_second").asDouble()));
    return seconds.stream().mapToDouble(Double::doubleValue).sum();
  }
}
