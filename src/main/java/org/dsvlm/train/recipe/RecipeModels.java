/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.catalogue.PublicModels;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaFolder;
import org.dsvlm.models.vit.VisionConfig;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of the models that a recipe names: as their folders say, or else as the public model or the
 * configuration that the recipe gives.
 */
public final class RecipeModels {
  private static final String CONFIG = "config.json";

  private final Recipe.Model model;
  private final boolean withoutFiles;

  private RecipeModels(Recipe.Model model, boolean withoutFiles) {
    this.model = model;
    this.withoutFiles = withoutFiles;
  }

  /** For training: a folder that is named has to be there. */
  public static RecipeModels of(Recipe.Model model) {
    return new RecipeModels(model, false);
  }

  /** For a look ahead: {@code arch} stands in for a folder that is not there. */
  public static RecipeModels planned(Recipe.Model model) {
    return new RecipeModels(model, true);
  }

  /** Whether the folder is what counts. */
  private boolean reads(String key, String path, String file) {
    return !path.isEmpty() && (!withoutFiles || Files.isRegularFile(file(key, path, file)));
  }

  /** {@code file} of the folder that the recipe names. */
  private static Path file(String key, String path, String file) {
    return FilePath.model("recipe: model." + key, path).resolve(file);
  }

  /** The LLaVA that the recipe starts from as a whole; null without, or if it is not there. */
  private @Nullable LlavaConfig whole() {
    return reads("llava", model.llava(), CONFIG)
        ? LlavaFolder.config(FilePath.model("recipe: model.llava", model.llava()))
        : null;
  }

  /** The vision encoder. */
  public VisionConfig vision() {
    Recipe.Vision vision = model.vision();
    LlavaConfig whole = whole();
    if (whole != null) {
      return whole.vision();
    }
    if (reads("vision.path", vision.path(), CONFIG)) {
      return VisionConfig.read(file("vision.path", vision.path(), CONFIG));
    }
    requireDescribed("vision", vision.arch(), vision.config());
    return vision.arch().isEmpty()
        ? VisionConfig.parse(vision.config(), "recipe: model.vision.config")
        : PublicModels.vision(vision.arch());
  }

  /** {@code preprocessor_config.json} of an encoder that has no folder. */
  public ObjectNode preprocessor() {
    Recipe.Vision vision = model.vision();
    return vision.preprocessor().isEmpty() && !vision.arch().isEmpty()
        ? PublicModels.preprocessor(vision.arch())
        : vision.preprocessor();
  }

  /** The language model. */
  public LlamaConfig language() {
    Recipe.Language language = model.language();
    LlavaConfig whole = whole();
    if (whole != null) {
      return whole.text();
    }
    if (reads("language.path", language.path(), CONFIG)) {
      return LlamaConfig.parse(JsonConfig.read(file("language.path", language.path(), CONFIG)));
    }
    requireDescribed("language", language.arch(), language.config());
    return language.arch().isEmpty()
        ? LlamaConfig.parse(language.config(), "recipe: model.language.config")
        : PublicModels.language(language.arch());
  }

  /** The denoising network. */
  public UNetConfig unet() {
    Recipe.StableDiffusion diffusion = model.stableDiffusion();
    if (reads("stable_diffusion.path", diffusion.path(), "unet/" + CONFIG)) {
      JsonConfig json =
          JsonConfig.read(file("stable_diffusion.path", diffusion.path(), "unet/" + CONFIG));
      return UNetConfig.parse(json.json(), json.where());
    }
    requireDescribed("stable_diffusion", diffusion.arch(), diffusion.unet());
    return diffusion.arch().isEmpty()
        ? UNetConfig.parse(diffusion.unet(), "recipe: model.stable_diffusion.unet")
        : PublicModels.stableDiffusion(diffusion.arch()).unet();
  }

  /** The autoencoder. */
  public VaeConfig vae() {
    Recipe.StableDiffusion diffusion = model.stableDiffusion();
    if (reads("stable_diffusion.path", diffusion.path(), "vae/" + CONFIG)) {
      JsonConfig json =
          JsonConfig.read(file("stable_diffusion.path", diffusion.path(), "vae/" + CONFIG));
      return VaeConfig.parse(json.json(), json.where());
    }
    requireDescribed("stable_diffusion", diffusion.arch(), diffusion.vae());
    return diffusion.arch().isEmpty()
        ? VaeConfig.parse(diffusion.vae(), "recipe: model.stable_diffusion.vae")
        : PublicModels.stableDiffusion(diffusion.arch()).vae();
  }

  /** The noise of a diffusion model that is drawn at random. */
  public NoiseSchedule schedule() {
    Recipe.StableDiffusion diffusion = model.stableDiffusion();
    if (!diffusion.arch().isEmpty()) {
      return PublicModels.stableDiffusion(diffusion.arch()).schedule();
    }
    return diffusion.scheduler().isEmpty()
        ? NoiseSchedule.stableDiffusion()
        : NoiseSchedule.parse(diffusion.scheduler(), "recipe: model.stable_diffusion.scheduler");
  }

  private static void requireDescribed(String section, String arch, ObjectNode config) {
    if (arch.isEmpty() && config.isEmpty()) {
      throw new DsVlmException(
          "recipe: model."
              + section
              + " names no folder that is there, no arch (a public model, see dsvlm init) and no"
              + " configuration; its sizes are unknown");
    }
  }
}
