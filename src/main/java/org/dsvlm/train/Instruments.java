/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.llava.Features;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.run.Measurement;
import org.jspecify.annotations.Nullable;

/**
 * Reads the model while a stage trains it: always the same pictures, timesteps and noise, so that
 * the figures of a run can be compared with one another. Nothing is drawn from the run's random
 * states, and no gradient of its is touched: a run gives the same bits with and without them.
 */
final class Instruments implements AutoCloseable {
  /**
   * Share of a step that encoding its pictures once more for each loss takes with the backward
   * passes, until it is measured.
   */
  private static final double ENCODER_PASSES = 0.2;

  private final Llava llava;
  private final ScalarType dtype;
  private final List<AuxiliaryLoss> auxiliaries;
  private final InstrumentSchedule schedule;
  private final InstrumentBudget budget;
  private final List<String> losses;
  private final Map<String, List<Tensor>> parts;
  private final Map<String, Integer> blocks = new LinkedHashMap<>();
  private final @Nullable FixedPictures pictures;
  private final Consumer<FeatureProbe> labelled;
  private boolean due;
  private @Nullable LossGradients gradients;

  /**
   * Those of one stage.
   *
   * @param dtype of the model
   * @param budget of the run
   * @param groups of all parameters that the stage trains
   * @param losses names of all losses
   * @param pictures that they look at; null in a process that does not measure, or if no auxiliary
   *     loss is to be measured. Closed with this
   * @param labelled shows a probe the pictures of which something is known; none in a process that
   *     does not measure
   */
  Instruments(
      Llava llava,
      ScalarType dtype,
      List<AuxiliaryLoss> auxiliaries,
      InstrumentSchedule schedule,
      InstrumentBudget budget,
      List<ParameterGroup> groups,
      List<String> losses,
      @Nullable FixedPictures pictures,
      Consumer<FeatureProbe> labelled) {
    this.llava = llava;
    this.dtype = dtype;
    this.auxiliaries = auxiliaries;
    this.schedule = schedule;
    this.budget = budget;
    this.losses = losses;
    this.pictures = pictures;
    this.labelled = labelled;
    this.parts = parts(groups);
    auxiliaries.forEach(auxiliary -> blocks.putAll(auxiliary.blocks()));
    budget.stageStarted();
  }

  /** The parameters that more than one loss reaches. */
  private static Map<String, List<Tensor>> parts(List<ParameterGroup> groups) {
    Map<String, List<Tensor>> parts = new LinkedHashMap<>();
    for (Part part : List.of(Part.VISION_ENCODER, Part.CONNECTOR)) {
      for (ParameterGroup group : groups) {
        if (group.name().equals(part.key())) {
          parts
              .computeIfAbsent(part.key(), name -> new ArrayList<>())
              .addAll(group.parameters().values());
        }
      }
    }
    return parts;
  }

  /**
   * The gradients to take note of in a step; null in most. All processes ask, and the one that
   * measures decides.
   */
  @Nullable LossGradients gradients(long stageStep, GradientExchange exchange) {
    forget();
    due = schedule.isDue(stageStep) || optionallyDue(stageStep, exchange);
    if (due && losses.size() > 1) {
      gradients = new LossGradients(parts, blocks, losses);
    }
    return gradients;
  }

  private boolean optionallyDue(long stageStep, GradientExchange exchange) {
    return !auxiliaries.isEmpty()
        && schedule.isOptional(stageStep)
        && exchange.any(pictures != null && budget.allows(schedule.total() - stageStep));
  }

  /** The figures after a step, before which {@code stageStep} steps of the stage were done. */
  Measurement after(long stageStep) {
    budget.stepDone();
    Measurement all = pictures == null ? Measurement.NONE : shown(stageStep, pictures);
    if (due) {
      Measurement read = read();
      budget.reading(read.seconds());
      all = all.and(read);
    }
    if (due && schedule.isLast(stageStep)) {
      Measurement probed = probed();
      budget.probe(probed.seconds());
      all = all.and(probed);
    }
    budget.spend(all.seconds());
    if (pictures != null && schedule.hasOptional() && !budget.knowsReading()) {
      all = all.and(foreseen(pictures));
    }
    return all.timed();
  }

  private Measurement read() {
    Measurement read =
        gradients == null
            ? Measurement.NONE
            : new Measurement(gradients.norms(), Map.of(), gradients.seconds());
    return pictures == null ? read : read.and(of(pictures));
  }

  /** Tells the budget what a reading will take, from a small part of one. */
  private Measurement foreseen(FixedPictures shown) {
    long start = System.nanoTime();
    double reading = losses.size() > 1 ? ENCODER_PASSES * budget.stepSeconds() : 0;
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Features features = features(shown);
      for (AuxiliaryLoss auxiliary : auxiliaries) {
        // The first pass waits for what the step has left to do, and finds its memory.
        auxiliary.measurePart(features, shown);
        long part = System.nanoTime();
        double share = auxiliary.measurePart(features, shown);
        reading += (System.nanoTime() - part) / 1e9 / share;
      }
    }
    budget.reading(reading);
    double seconds = (System.nanoTime() - start) / 1e9;
    budget.spend(seconds);
    return Measurement.NONE.within(seconds);
  }

  private Measurement probed() {
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        FeatureProbe probe = new FeatureProbe(this::connectorInput)) {
      labelled.accept(probe);
      return probe.read().within((System.nanoTime() - start) / 1e9);
    }
  }

  private Tensor connectorInput(Tensor pixelValues) {
    return llava.selected(
        llava.visionTower().hiddenStates(pixelValues.to(llava.languageModel().device(), dtype)));
  }

  private Measurement of(FixedPictures shown) {
    long start = System.nanoTime();
    Measurement all = Measurement.NONE;
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Features features = features(shown);
      for (AuxiliaryLoss auxiliary : auxiliaries) {
        all = all.and(auxiliary.measure(features, shown));
      }
    }
    return all.within((System.nanoTime() - start) / 1e9);
  }

  /** Shows the pictures where that is due; gives the time alone. */
  private Measurement shown(long stageStep, FixedPictures shown) {
    long start = System.nanoTime();
    long step = schedule.step(stageStep);
    List<AuxiliaryLoss> due =
        auxiliaries.stream().filter(auxiliary -> auxiliary.shows(step)).toList();
    if (due.isEmpty()) {
      return Measurement.NONE;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Features features = features(shown);
      due.forEach(auxiliary -> auxiliary.show(step, features, shown));
    }
    return Measurement.NONE.within((System.nanoTime() - start) / 1e9);
  }

  private Features features(FixedPictures shown) {
    return llava.encode(shown.pixelValues().to(llava.languageModel().device(), dtype));
  }

  private void forget() {
    if (gradients != null) {
      gradients.close();
      gradients = null;
    }
  }

  @Override
  public void close() {
    budget.stageEnded();
    forget();
    if (pictures != null) {
      pictures.close();
    }
  }
}
