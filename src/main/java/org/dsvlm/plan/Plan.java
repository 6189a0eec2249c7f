/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.plan.Operation.Kind;
import org.dsvlm.plan.Operation.Role;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.train.Recipe;
import org.dsvlm.train.RecipeReader;

/**
 * What a run by a recipe will take. Nothing is started, and no file is needed where the recipe
 * names public models.
 */
public final class Plan {
  private final Recipe recipe;
  private final ModelSizes sizes;
  private final Hardware hardware;
  private final StagePlanner.Settings settings;
  private final List<StagePlan> stages = new ArrayList<>();

  private Plan(
      Recipe recipe,
      ModelSizes sizes,
      Hardware hardware,
      StagePlanner.Settings settings,
      StagePlanner plain) {
    this.recipe = recipe;
    this.sizes = sizes;
    this.hardware = hardware;
    this.settings = settings;
    if (fitsAutoencoder()) {
      stages.add(autoencoder());
    }
    StagePlanner planner = new StagePlanner(recipe, sizes, hardware, settings);
    for (int stage = 1; stage <= 2; stage++) {
      if (!recipe.stage(stage).leftOut()) {
        stages.add(planner.plan(stage, plain));
      }
    }
  }

  /**
   * A plan for GPUs.
   *
   * @param tree the resolved recipe
   * @param gpu one of {@link #gpus}
   * @param devices how many
   */
  public static Plan forGpus(ObjectNode tree, String gpu, int devices) {
    Recipe recipe = RecipeReader.bind(tree);
    StagePlanner.Settings settings = settings(tree, recipe, devices);
    return of(tree, recipe, Hardware.named(gpu, settings.bytes()), settings);
  }

  /** A plan for this machine, whose speed is measured now; that takes some seconds. */
  public static Plan forThisMachine(ObjectNode tree) {
    return forThisMachine(tree, System::nanoTime);
  }

  static Plan forThisMachine(ObjectNode tree, LongSupplier clock) {
    Recipe recipe = RecipeReader.bind(tree);
    StagePlanner.Settings settings = settings(tree, recipe, 1);
    StagePlanner planner = new StagePlanner(recipe, new ModelSizes(recipe), null, settings);
    int last = recipe.stage(2).leftOut() ? 1 : 2;
    ScalarType dtype = DTypes.parse(recipe.precision());
    Hardware machine = Calibration.measure(planner.usual(last), dtype, recipe.threads(), clock);
    return of(tree, recipe, machine, settings);
  }

  private static Plan of(
      ObjectNode tree, Recipe recipe, Hardware hardware, StagePlanner.Settings settings) {
    StagePlanner plain = null;
    if (recipe.supervised()) {
      ObjectNode without = tree.deepCopy();
      without.withObject("/supervision").put("enabled", false);
      Recipe unsupervised = RecipeReader.bind(without);
      plain = new StagePlanner(unsupervised, new ModelSizes(unsupervised), hardware, settings);
    }
    return new Plan(recipe, new ModelSizes(recipe), hardware, settings, plain);
  }

  private static StagePlanner.Settings settings(ObjectNode tree, Recipe recipe, int devices) {
    return new StagePlanner.Settings(
        devices,
        (int) DTypes.bytes(DTypes.parse(recipe.precision())),
        tree.at("/optimizer/master_weights").asBoolean(),
        tree.at("/distributed/shard_optimizer").asBoolean());
  }

  /** GPUs that are known by name. */
  public static List<String> gpus() {
    return Hardware.names();
  }

  private boolean fitsAutoencoder() {
    return recipe.supervised()
        && recipe.model().stableDiffusion().path().isEmpty()
        && recipe.stage0().maxSteps() > 0;
  }

  /** Stage 0, one batch in a piece. */
  private StagePlan autoencoder() {
    int pictures = recipe.stage0().batchSize();
    StepCost cost = new StepCost(recipe, sizes, 0, settings.bytes());
    Tape tape = cost.autoencoder(pictures);
    double weights = (double) sizes.parameters(Part.VAE) * settings.bytes();
    double kept = tape.saved().getOrDefault(Part.VAE, 0.0);
    Memory memory =
        new Memory(
            Map.of(Part.VAE, new Memory.PartMemory(weights, weights, 2 * weights, kept)),
            kept,
            tape.operations().stream().mapToDouble(Operation::bytes).max().orElse(0),
            hardware.runtime());
    Map<Part, Map<Kind, Map<Role, Double>>> flops = new EnumMap<>(Part.class);
    StagePlan.add(flops, tape, 1);
    double seconds = hardware.seconds(tape.operations()) + hardware.seconds(cost.update(memory));
    return new StagePlan(
        0, recipe.stage0().maxSteps(), 1, pictures, flops, memory, kept, kept, seconds, seconds);
  }

  Recipe recipe() {
    return recipe;
  }

  ModelSizes sizes() {
    return sizes;
  }

  Hardware hardware() {
    return hardware;
  }

  StagePlanner.Settings settings() {
    return settings;
  }

  List<StagePlan> stages() {
    return stages;
  }
}
