/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.plan.Operation.Kind;
import org.dsvlm.plan.Operation.Role;
import org.dsvlm.train.Recipe;

/**
 * Plans stages 1 and 2. A step's records have a picture or have none, where the recipe groups them
 * by modality; a plan's step is the mean over both kinds, in the share that the recipe expects.
 */
final class StagePlanner {
  private static final double FLOAT32 = 4;

  private final Recipe recipe;
  private final ModelSizes sizes;
  private final Hardware hardware;
  private final Settings settings;

  /**
   * What a plan is for beside the recipe's models.
   *
   * @param devices how many train together
   * @param bytes of an element of the model's type
   * @param masterWeights whether trained weights of a shorter type have a float32 copy
   * @param shardStates whether every device keeps its part of the optimizer's states alone
   */
  record Settings(int devices, int bytes, boolean masterWeights, boolean shardStates) {}

  /** One kind of micro batch, and the share of all steps that are made of it. */
  private record Batch(Tape tape, double share) {}

  StagePlanner(Recipe recipe, ModelSizes sizes, Hardware hardware, Settings settings) {
    this.recipe = recipe;
    this.sizes = sizes;
    this.hardware = hardware;
    this.settings = settings;
  }

  /** The stage numbered {@code number}; {@code plain} plans it without supervision. */
  StagePlan plan(int number, StagePlanner plain) {
    Recipe.Stage stage = recipe.stage(number);
    Recipe.ExpectedRecords expected = expected(number);
    double records = (double) stage.batchSize() / settings.devices();
    double micro = Math.min(stage.microBatchSize(), records);
    int microBatches = (int) Math.ceil(records / micro);
    List<Batch> kinds = kinds(number, micro, expected.textTokens());
    Memory memory = memory(number, kinds.get(0).tape());
    List<Operation> update = new StepCost(recipe, sizes, number, settings.bytes()).update(memory);
    double seconds = hardware.seconds(update);
    Map<Part, Map<Kind, Map<Role, Double>>> flops = new EnumMap<>(Part.class);
    for (Batch kind : kinds) {
      seconds += kind.share() * microBatches * hardware.seconds(kind.tape().operations());
      StagePlan.add(flops, kind.tape(), kind.share() * microBatches * settings.devices());
    }
    double longest = recipe.data().maxLength() - sizes.llava().imageTokens();
    return new StagePlan(
        number,
        stage.steps(expected.records()),
        microBatches,
        stage.batchSize(),
        flops,
        memory,
        Memory.peak(kinds(number, micro, longest).get(0).tape().saved()),
        recomputed(number, micro, expected.textTokens()),
        seconds,
        plain == null ? seconds : plain.plan(number, null).secondsPerStep());
  }

  /** The operations that most steps of a stage are made of. */
  List<Operation> usual(int number) {
    double records = (double) recipe.stage(number).batchSize() / settings.devices();
    double micro = Math.min(recipe.stage(number).microBatchSize(), records);
    return kinds(number, micro, expected(number).textTokens()).get(0).tape().operations();
  }

  private Recipe.ExpectedRecords expected(int number) {
    Recipe.Expected expected = recipe.data().expected();
    return number == 1 ? expected.stage1() : expected.stage2();
  }

  /** Those with pictures first. */
  private List<Batch> kinds(int number, double micro, double textTokens) {
    StepCost cost = new StepCost(recipe, sizes, number, settings.bytes());
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

  private Memory memory(int number, Tape tape) {
    Map<Part, Memory.PartMemory> parts = new EnumMap<>(Part.class);
    for (Part part : sizes.parts()) {
      double count = sizes.parameters(part);
      double width = part == Part.LORA ? Math.max(FLOAT32, settings.bytes()) : settings.bytes();
      boolean trained = sizes.trains(part, number);
      parts.put(
          part,
          new Memory.PartMemory(
              count * width,
              trained ? count * width : 0,
              trained ? count * stateBytes(width) : 0,
              tape.saved().getOrDefault(part, 0.0)));
    }
    double working = tape.operations().stream().mapToDouble(Operation::bytes).max().orElse(0);
    return new Memory(parts, Memory.peak(tape.saved()), working, hardware.runtime());
  }

  /** Bytes of AdamW's states for a parameter of {@code width} bytes. */
  private double stateBytes(double width) {
    boolean master = settings.masterWeights() && width < FLOAT32;
    double states = master ? 3 * FLOAT32 : 2 * width;
    return settings.shardStates() ? states / settings.devices() : states;
  }

  /**
   * What is kept where each block of encoder and language model is computed again: the inputs of
   * all blocks, and all of one.
   */
  private double recomputed(int number, double micro, double textTokens) {
    Tape tape = kinds(number, micro, textTokens).get(0).tape();
    Map<Part, Double> saved = new EnumMap<>(tape.saved());
    double tokens = Math.min(sizes.llava().imageTokens() + textTokens, recipe.data().maxLength());
    int visionLayers = sizes.vision().layers();
    double visionRows = micro * (sizes.vision().patches() + sizes.vision().family().classTokens());
    saved.computeIfPresent(
        Part.VISION_ENCODER,
        (part, bytes) ->
            Math.min(
                bytes,
                bytes / visionLayers
                    + visionLayers * visionRows * sizes.vision().hiddenSize() * settings.bytes()));
    int layers = sizes.language().layers();
    double inputs = layers * micro * tokens * sizes.language().hiddenSize() * settings.bytes();
    saved.computeIfPresent(
        Part.LANGUAGE_MODEL, (part, bytes) -> Math.min(bytes, bytes / layers + inputs));
    saved.computeIfPresent(Part.LORA, (part, bytes) -> bytes / layers);
    return Memory.peak(saved);
  }
}
