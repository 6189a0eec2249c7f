/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import java.util.OptionalDouble;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/** What stages 1 and 2 of a recipe train, by which losses, and at which rates. */
final class StageRules {
  /** The stage that trains the language model's adapter, where the recipe says nothing. */
  private static final int LORA_STAGE = 2;

  private final Recipe recipe;

  StageRules(Recipe recipe) {
    this.recipe = recipe;
  }

  /** Whether the language loss counts in the stage numbered {@code stage}. */
  boolean language(int stage) {
    return recipe.languageWeight() > 0 && recipe.stage(stage).losses().language().weight() > 0;
  }

  /** Whether the reconstruction loss does. */
  boolean reconstruction(int stage) {
    return recipe.supervised()
        && recipe.supervision().path("weight").asDouble(1) > 0
        && recipe.stage(stage).losses().reconstruction().weight() > 0;
  }

  /** The part's rate in that stage; empty if it is frozen. */
  OptionalDouble rate(int stage, TrainedPart part) {
    Double given = recipe.stage(stage).train().of(part);
    if (given != null && !isIdle(part)) {
      return given > 0 ? OptionalDouble.of(given) : OptionalDouble.empty();
    }
    double rate = recipe.stage(stage).learningRate();
    Recipe.Model model = recipe.model();
    return switch (part) {
      case CONNECTOR -> OptionalDouble.of(rate);
      case VISION ->
          recipe.visionLearningRate() > 0
              ? OptionalDouble.of(recipe.visionLearningRate())
              : OptionalDouble.empty();
      case LANGUAGE -> when(model.language().trainable() && language(stage), rate);
      case LORA -> when(model.language().lora().rank() > 0 && stage == LORA_STAGE, rate);
      case ADAPTERS, EXPERTS, ROUTERS -> when(reconstruction(stage), rate);
      case UNET -> {
        double own = recipe.diffusionLearningRate();
        yield when(
            reconstruction(stage) && model.stableDiffusion().trainable(), own > 0 ? own : rate);
      }
    };
  }

  /** Without the supervision the rates of its parts are as idle as all that is set of it. */
  private boolean isIdle(TrainedPart part) {
    return part.supervised() && !recipe.supervised();
  }

  private static OptionalDouble when(boolean trains, double rate) {
    return trains ? OptionalDouble.of(rate) : OptionalDouble.empty();
  }

  /**
   * Checks the keys of different sections against one another.
   *
   * @throws DsVlmException if a rate is given for a part that is not there or that no loss teaches,
   *     if nothing would be trained, or if a part is to start from a file and is not there; the
   *     message begins with the key
   */
  void check() {
    checkStart();
    check(1);
    check(2);
  }

  private void check(int stage) {
    if (recipe.stage(stage).leftOut()) {
      return;
    }
    if (!language(stage) && !reconstruction(stage)) {
      throw new DsVlmException(
          "stage"
              + stage
              + ": no loss is left; set losses.language.weight or losses.reconstruction.weight above"
              + " 0, and language_weight or supervision.enabled and supervision.weight with it");
    }
    boolean any = false;
    for (TrainedPart part : TrainedPart.values()) {
      any |= rate(stage, part).isPresent();
      Double given = recipe.stage(stage).train().of(part);
      String problem = given != null && given > 0 ? problem(stage, part) : null;
      if (problem != null) {
        throw new DsVlmException(
            "stage" + stage + ".train." + part.key() + " is " + given + ", but " + problem);
      }
    }
    if (!any) {
      throw new DsVlmException(
          "stage" + stage + ".train freezes every part; leave the stage out, or train one");
    }
  }

  private void checkStart() {
    Recipe.Lora lora = recipe.model().language().lora();
    if (!lora.path().isEmpty() && lora.rank() == 0) {
      throw new DsVlmException(
          "model.language.lora.path names an adapter, but rank is 0; set rank to the adapter's");
    }
    if (!recipe.model().start().multiAdapter().isEmpty() && !recipe.supervised()) {
      throw new DsVlmException(
          "model.start.multi_adapter names a file, but supervision.enabled is false; leave it empty,"
              + " or turn the supervision on");
    }
  }

  private @Nullable String problem(int stage, TrainedPart part) {
    int rank = recipe.model().language().lora().rank();
    if (part == TrainedPart.LORA && rank == 0) {
      return "model.language.lora.rank is 0; set the rank, or leave the rate out";
    }
    if (part == TrainedPart.LANGUAGE && rank > 0) {
      return "model.language.lora.rank is above 0; it trains whole or by LoRA, not both";
    }
    if ((part == TrainedPart.LANGUAGE || part == TrainedPart.LORA) && !language(stage)) {
      return "the stage has no language loss to learn by; leave the rate out";
    }
    if (part.supervised() && !isIdle(part) && !reconstruction(stage)) {
      return "the stage has no reconstruction loss to learn by; leave the rate out";
    }
    return null;
  }
}
