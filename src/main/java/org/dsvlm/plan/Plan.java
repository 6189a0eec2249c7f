/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.jspecify.annotations.Nullable;

/**
 * The cost of a run by a recipe. Nothing is started, and no file is needed where the recipe names
 * public models.
 */
public final class Plan {
  private final Recipe recipe;
  private final ModelSizes sizes;
  private final Hardware hardware;
  private final StagePlanner.Deployment deployment;
  private final List<StagePlan> stages = new ArrayList<>();

  private Plan(
      Recipe recipe,
      ModelSizes sizes,
      Hardware hardware,
      StagePlanner.Deployment deployment,
      @Nullable StagePlanner plain) {
    this.recipe = recipe;
    this.sizes = sizes;
    this.hardware = hardware;
    this.deployment = deployment;
    if (AutoencoderPlanner.isWanted(recipe)) {
      stages.add(new AutoencoderPlanner(recipe, sizes, deployment).plan(hardware));
    }
    StagePlanner planner = new StagePlanner(recipe, sizes, deployment);
    for (int stage = 1; stage <= 2; stage++) {
      if (!recipe.stage(stage).leftOut()) {
        stages.add(planner.plan(stage, hardware, plain));
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
    StagePlanner.Deployment deployment = StagePlanner.Deployment.of(recipe, devices);
    return of(tree, recipe, Hardware.named(gpu, deployment.bytes()), deployment);
  }

  /** A plan for this machine, whose speed is measured now; that takes some seconds. */
  public static Plan forThisMachine(ObjectNode tree) {
    return forThisMachine(tree, System::nanoTime);
  }

  static Plan forThisMachine(ObjectNode tree, LongSupplier clock) {
    Recipe recipe = RecipeReader.bind(tree);
    StagePlanner.Deployment deployment = StagePlanner.Deployment.of(recipe, 1);
    ModelSizes sizes = new ModelSizes(recipe);
    StagePlanner planner = new StagePlanner(recipe, sizes, deployment);
    List<Operation> operations = new ArrayList<>();
    if (AutoencoderPlanner.isWanted(recipe)) {
      operations.addAll(new AutoencoderPlanner(recipe, sizes, deployment).usual());
    }
    for (int stage = 1; stage <= 2; stage++) {
      if (!recipe.stage(stage).leftOut()) {
        operations.addAll(planner.usual(stage));
      }
    }
    ScalarType dtype = DTypes.parse(recipe.precision());
    Hardware machine = Calibration.measure(operations, dtype, recipe.threads(), clock);
    return of(tree, recipe, machine, deployment);
  }

  private static Plan of(
      ObjectNode tree, Recipe recipe, Hardware hardware, StagePlanner.Deployment deployment) {
    @Nullable StagePlanner plain = null;
    if (recipe.supervised()) {
      ObjectNode without = tree.deepCopy();
      without.withObject("/supervision").put("enabled", false);
      without.withObject("/model/start").put("multi_adapter", "");
      Recipe unsupervised = RecipeReader.bind(without);
      plain = new StagePlanner(unsupervised, new ModelSizes(unsupervised), deployment);
    }
    return new Plan(recipe, new ModelSizes(recipe), hardware, deployment, plain);
  }

  /** GPUs that are known by name. */
  public static List<String> gpus() {
    return Hardware.names();
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

  StagePlanner.Deployment deployment() {
    return deployment;
  }

  List<StagePlan> stages() {
    return stages;
  }
}
