/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Determinism;
import org.dsvlm.tensor.Devices;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeModels;

/** What can be told of a recipe before a run writes its first file. */
final class RecipeCheck {
  private RecipeCheck() {}

  /**
   * Looks at all values that name something: types, devices, models, files of records.
   *
   * @throws DsVlmException naming the key whose value is of no use
   */
  static void check(Recipe recipe, int processes) {
    DTypes.parseComputed("recipe: precision", recipe.precision());
    Devices.require(recipe.device());
    if (recipe.deterministic()) {
      Determinism.require(recipe.device());
    }
    Stages.check(recipe, processes);
    RecipeModels models = RecipeModels.of(recipe.model());
    models.vision();
    models.language();
    checkLora(recipe.model().language().lora());
    if (recipe.supervised()) {
      recipe.supervisionConfig();
      models.unet();
      models.vae();
      if (recipe.model().stableDiffusion().path().isEmpty()) {
        models.schedule();
      }
    }
    checkData(recipe);
  }

  private static void checkLora(Recipe.Lora lora) {
    if (lora.rank() == 0 || !lora.path().isEmpty()) {
      return;
    }
    try {
      LoraConfig.of(
          lora.rank(), lora.alpha(), lora.dropout(), lora.useRslora(), lora.targetModules());
    } catch (DsVlmException e) {
      throw new DsVlmException("recipe: model.language.lora: " + e.getMessage(), e);
    }
  }

  private static void checkData(Recipe recipe) {
    Recipe.Data data = recipe.data();
    switch (data.source()) {
      case "noto":
        return;
      case "llava":
        break;
      default:
        throw new DsVlmException(
            "recipe: data.source is '" + data.source() + "'; known: llava, noto");
    }
    for (int stage = 1; stage <= 2; stage++) {
      String file = stage == 1 ? data.stage1() : data.stage2();
      if (recipe.stage(stage).leftOut()) {
        continue;
      }
      if (file.isEmpty()) {
        throw new DsVlmException("recipe: data.stage" + stage + " names no file of records");
      }
      Path path = FilePath.of("recipe: data.stage" + stage, file);
      if (!Files.isRegularFile(path)) {
        throw new DsVlmException(
            "recipe: data.stage" + stage + " is '" + file + "', and there is no such file");
      }
    }
    if (!Files.isDirectory(FilePath.of("recipe: data.pictures", data.pictures()))) {
      throw new DsVlmException(
          "recipe: data.pictures is '" + data.pictures() + "', and there is no such folder");
    }
  }
}
