/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.supervision.ConditionUse;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.train.recipe.InstrumentKeys;
import org.dsvlm.train.recipe.Recipe;
import org.jspecify.annotations.Nullable;

/**
 * Plans stages 1 and 2. A step's records have a picture or have none, where the recipe groups them
 * by modality; a plan's step is the mean over both kinds, in the share that the recipe expects.
 */
final class StagePlanner {
  private static final double FLOAT32 = 4;
  private static final double MEBIBYTE = 1 << 20;

  private final Recipe recipe;
  private final ModelSizes sizes;
  private final Deployment deployment;

  /**
   * Settings of a plan beside the recipe's models.
   *
   * @param devices how many train together
   * @param bytes of an element of the model's type
   * @param masterWeights whether trained weights of a shorter type have a float32 copy
   * @param zero 1: every device keeps its part of the optimizer's states alone; 2: and of the
   *     gradients
   * @param bucketBytes of weights whose gradients are summed over the devices in one go
   */
  record Deployment(int devices, int bytes, boolean masterWeights, int zero, double bucketBytes) {
    private static final int GRADIENTS = 2;

    /** Buckets that are being filled, or summed over the devices. */
    private static final int OPEN_BUCKETS = 3;

    static Deployment of(Recipe recipe, int devices) {
      return new Deployment(
          devices,
          (int) DTypes.bytes(DTypes.parse(recipe.precision())),
          recipe.optimizer().masterWeights(),
          recipe.distributed().zero(),
          recipe.distributed().bucketMebibytes() * MEBIBYTE);
    }

    /** Whether every device keeps its part of the optimizer's states alone. */
    boolean shardsStates() {
      return zero > 0;
    }

    /** Whether every device keeps its part of the gradients alone. */
    boolean shardsGradients() {
      return zero >= GRADIENTS;
    }

    /** Of the sum of gradients of a parameter of {@code width} bytes, on one device. */
    double gradientBytes(double width) {
      double sum = Math.max(FLOAT32, width);
      return shardsGradients() ? sum / devices : sum;
    }

    /** Of gradients on their way to the devices' parts: no more than the largest buckets. */
    double exchangeBytes(Stream<long[]> trained, double width) {
      if (!shardsGradients() || devices == 1) {
        return 0;
      }
      return trained
          .map(shape -> Math.max(ParameterShapes.elements(shape), bucketBytes / width))
          .sorted(Comparator.reverseOrder())
          .limit(OPEN_BUCKETS)
          .mapToDouble(elements -> elements * Math.max(FLOAT32, width))
          .sum();
    }

    /** Of AdamW's states for a parameter of {@code width} bytes, on all devices together. */
    double stateBytes(double width) {
      boolean master = masterWeights && width < FLOAT32;
      return master ? 3 * FLOAT32 : 2 * width;
    }
  }

  /** One kind of micro batch, and the share of all steps that are made of it. */
  private record Batch(Tape tape, double share) {}

  StagePlanner(Recipe recipe, ModelSizes sizes, Deployment deployment) {
    this.recipe = recipe;
    this.sizes = sizes;
    this.deployment = deployment;
  }

  /** The stage numbered {@code number}; {@code plain}, if any, plans it without supervision. */
  StagePlan plan(int number, Hardware hardware, @Nullable StagePlanner plain) {
    Recipe.Stage stage = recipe.stage(number);
    Recipe.ExpectedRecords expected = expected(number);
    double records = (double) stage.batchSize() / deployment.devices();
    double micro = Math.min(stage.microBatchSize(), records);
    int microBatches = (int) Math.ceil(records / micro);
    boolean again = recipe.activationCheckpointing();
    List<Batch> kinds = kinds(number, micro, expected.textTokens(), again);
    Memory memory = memory(number, kinds.get(0).tape(), hardware.runtime());
    List<Operation> update = cost(number, again).update(memory, microBatches);
    double seconds = hardware.seconds(update);
    Map<Part, Map<OperationType, Map<Role, Double>>> flops = new EnumMap<>(Part.class);
    for (Batch kind : kinds) {
      seconds += kind.share() * microBatches * hardware.seconds(kind.tape().operations());
      StagePlan.add(flops, kind.tape(), kind.share() * microBatches * deployment.devices());
    }
    double longest = recipe.data().maxLength() - sizes.llava().imageTokens();
    return new StagePlan(
        number,
        stage.steps(expected.records()),
        microBatches,
        stage.batchSize(),
        flops,
        memory,
        Memory.peak(kinds(number, micro, longest, again).get(0).tape().saved()),
        Memory.peak(kinds(number, micro, expected.textTokens(), true).get(0).tape().saved()),
        seconds,
        plain == null ? seconds : plain.plan(number, hardware, null).secondsPerStep(),
        instruments(number, hardware, micro * expected.withPicture(), microBatches, seconds));
  }

  /**
   * Seconds a step that the instruments take on the average. In a reading the first device
   * reconstructs the fixed pictures without gradients, and all of them encode a step's pictures
   * once more for each loss. The recipe says how often that is, or the share that it may take; a
   * stage is read once at least.
   *
   * @param step seconds of one
   */
  private double instruments(
      int number, Hardware hardware, double pictures, int microBatches, double step) {
    InstrumentKeys settings = recipe.instruments();
    if (!settings.enabled() || sizes.supervision().isEmpty()) {
      return 0;
    }
    StepCost cost = cost(number, recipe.activationCheckpointing());
    List<Operation> forward =
        cost.supervision(settings.records()).operations().stream()
            .filter(operation -> operation.role() == Role.FORWARD)
            .toList();
    int features = sizes.supervision().get().config().features().size();
    double passes = (double) settings.timesteps() * ConditionUse.passes(features);
    double encoded =
        recipe.languageWeight() > 0
            ? 2 * microBatches * hardware.seconds(cost.encoder(pictures).operations())
            : 0;
    double reading = passes * hardware.seconds(forward) + encoded;
    double most = InstrumentKeys.LARGEST_SHARE;
    double often =
        settings.withinShare() ? step * most / (1 - most) : reading / settings.everySteps();
    return Math.max(often, reading / recipe.stage(number).steps(expected(number).records()));
  }

  private StepCost cost(int number, boolean again) {
    return new StepCost(recipe, sizes, number, deployment.bytes(), again);
  }

  /** The operations that most steps of a stage are made of. */
  List<Operation> usual(int number) {
    double records = (double) recipe.stage(number).batchSize() / deployment.devices();
    double micro = Math.min(recipe.stage(number).microBatchSize(), records);
    boolean again = recipe.activationCheckpointing();
    return kinds(number, micro, expected(number).textTokens(), again).get(0).tape().operations();
  }

  private Recipe.ExpectedRecords expected(int number) {
    Recipe.Expected expected = recipe.data().expected();
    return number == 1 ? expected.stage1() : expected.stage2();
  }

  /**
   * Those with pictures first.
   *
   * @param again whether blocks are computed again in the backward pass
   */
  private List<Batch> kinds(int number, double micro, double textTokens, boolean again) {
    StepCost cost = cost(number, again);
    double seen = expected(number).withPicture();
    double tokens = Math.min(sizes.llava().imageTokens() + textTokens, recipe.data().maxLength());
    double text = Math.min(textTokens, recipe.data().maxLength());
    List<Batch> kinds = new ArrayList<>();
    if (!recipe.stage(number).groupByModalityLength()) {
      kinds.add(new Batch(cost.microBatch(micro, micro * seen, tokens, micro * text), 1));
      return kinds;
    }
    kinds.add(new Batch(cost.microBatch(micro, micro, tokens, micro * text), seen));
    if (seen < 1) {
      kinds.add(new Batch(cost.microBatch(micro, 0, text, micro * text), 1 - seen));
    }
    return kinds;
  }

  private Memory memory(int number, Tape tape, double runtime) {
    Map<Part, Memory.PartMemory> parts = new EnumMap<>(Part.class);
    for (Part part : sizes.parts()) {
      double count = sizes.parameters(part);
      double width = part == Part.LORA ? Math.max(FLOAT32, deployment.bytes()) : deployment.bytes();
      boolean trained = sizes.trains(part, number);
      parts.put(
          part,
          new Memory.PartMemory(
              count * width,
              trained ? count * deployment.gradientBytes(width) : 0,
              trained ? count * stateBytes(width) : 0,
              tape.saved().getOrDefault(part, 0.0)));
    }
    return new Memory(
        parts,
        Memory.peak(tape.saved()),
        Memory.working(tape),
        deployment.exchangeBytes(sizes.trainedShapes(number), deployment.bytes()),
        runtime);
  }

  /** Bytes of AdamW's states on one device for a parameter of {@code width} bytes. */
  private double stateBytes(double width) {
    double states = deployment.stateBytes(width);
    return deployment.shardsStates() ? states / deployment.devices() : states;
  }
}
