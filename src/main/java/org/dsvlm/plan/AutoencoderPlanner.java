/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.train.recipe.Recipe;

/** Plans stage 0: every process fits the whole autoencoder, one batch in a piece. */
final class AutoencoderPlanner {
  private final Recipe recipe;
  private static final double FLOAT32 = 4;

  private final ModelSizes sizes;
  private final StagePlanner.Deployment deployment;
  private final StepCost cost;

  AutoencoderPlanner(Recipe recipe, ModelSizes sizes, StagePlanner.Deployment deployment) {
    this.recipe = recipe;
    this.sizes = sizes;
    this.deployment = deployment;
    this.cost = new StepCost(recipe, sizes, 0, deployment.bytes(), false);
  }

  /** Whether a run by {@code recipe} has a stage 0. */
  static boolean isWanted(Recipe recipe) {
    return recipe.supervised()
        && recipe.model().stableDiffusion().path().isEmpty()
        && recipe.stage0().maxSteps() > 0;
  }

  /** The operations of a step. */
  List<Operation> usual() {
    return cost.autoencoder(recipe.stage0().batchSize()).operations();
  }

  StagePlan plan(Hardware hardware) {
    int pictures = recipe.stage0().batchSize();
    Tape tape = cost.autoencoder(pictures);
    double count = sizes.parameters(Part.VAE);
    double weights = count * deployment.bytes();
    double kept = tape.saved().getOrDefault(Part.VAE, 0.0);
    Memory.PartMemory part =
        new Memory.PartMemory(
            weights,
            count * Math.max(FLOAT32, deployment.bytes()),
            count * deployment.stateBytes(deployment.bytes()),
            kept);
    Memory memory =
        new Memory(Map.of(Part.VAE, part), kept, Memory.working(tape), 0, hardware.runtime());
    Map<Part, Map<OperationType, Map<Role, Double>>> flops = new EnumMap<>(Part.class);
    StagePlan.add(flops, tape, 1);
    double seconds = hardware.seconds(tape.operations()) + hardware.seconds(cost.update(memory, 1));
    return new StagePlan(
        0, recipe.stage0().maxSteps(), 1, pictures, flops, memory, kept, kept, seconds, seconds, 0);
  }
}
