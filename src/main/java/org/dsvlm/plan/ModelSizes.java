/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.Vae;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaLora;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeModels;
import org.dsvlm.train.recipe.TrainedPart;

/** The models of a recipe: their configurations, and the shape of every parameter by part. */
final class ModelSizes {
  private final Recipe recipe;
  private final LlavaConfig llava;
  private final Optional<Supervision> supervision;
  private final Map<Part, Map<String, long[]>> shapes = new EnumMap<>(Part.class);

  /** The supervision's settings, and the networks of its diffusion model. */
  record Supervision(SupervisionConfig config, UNetConfig unet, VaeConfig vae) {}

  ModelSizes(Recipe recipe) {
    this.recipe = recipe;
    RecipeModels models = RecipeModels.planned(recipe.model());
    VisionConfig vision = models.vision();
    llava =
        new LlavaConfig(
            vision,
            models.language(),
            0,
            List.of(recipe.model().vision().featureLayer()),
            vision.classTokens() > 0,
            true,
            LlavaConfig.CONNECTOR_LAYERS);
    ParameterShapes.of(root -> new Llava(root, llava))
        .forEach((name, shape) -> put(partOf(name), name, shape));
    Recipe.Lora lora = recipe.model().language().lora();
    if (lora.rank() > 0) {
      shapes.put(
          Part.LORA,
          LlavaLora.shapes(
              llava,
              LoraConfig.of(
                  lora.rank(),
                  lora.alpha(),
                  lora.dropout(),
                  lora.useRslora(),
                  lora.targetModules())));
    }
    supervision =
        recipe.supervised()
            ? Optional.of(new Supervision(recipe.supervisionConfig(), models.unet(), models.vae()))
            : Optional.empty();
    supervision.ifPresent(this::putSupervision);
  }

  private void putSupervision(Supervision added) {
    shapes.put(
        Part.SUPERVISION,
        DiffusionSupervisor.parameterShapes(
            added.config(), added.unet(), language().hiddenSize(), vision().hiddenSize()));
    shapes.put(Part.UNET, ParameterShapes.of(root -> new UNet(root, added.unet())));
    shapes.put(Part.VAE, ParameterShapes.of(root -> new Vae(root, added.vae())));
    if (added.config().loss().needsNetwork()) {
      shapes.put(Part.PERCEPTUAL, PerceptualNetwork.shapes(recipe.model().perceptual().widths()));
    }
  }

  private static Part partOf(String name) {
    if (name.startsWith("vision_tower.")) {
      return Part.VISION_ENCODER;
    }
    return name.startsWith("multi_modal_projector.") ? Part.CONNECTOR : Part.LANGUAGE_MODEL;
  }

  private void put(Part part, String name, long[] shape) {
    shapes.computeIfAbsent(part, key -> new LinkedHashMap<>()).put(name, shape);
  }

  LlavaConfig llava() {
    return llava;
  }

  VisionConfig vision() {
    return llava.vision();
  }

  LlamaConfig language() {
    return llava.text();
  }

  Optional<Supervision> supervision() {
    return supervision;
  }

  /** The parts that there are. */
  Set<Part> parts() {
    return shapes.keySet();
  }

  /** Number of parameters of a part. */
  long parameters(Part part) {
    return shapes.getOrDefault(part, Map.of()).values().stream()
        .mapToLong(ParameterShapes::elements)
        .sum();
  }

  /** The shapes of all tensors that a stage trains. */
  Stream<long[]> trainedShapes(int stage) {
    return shapes.entrySet().stream()
        .filter(part -> trains(part.getKey(), stage))
        .flatMap(part -> part.getValue().values().stream());
  }

  /** Number of its tensors. */
  int tensors(Part part) {
    return shapes.getOrDefault(part, Map.of()).size();
  }

  /** Whether a stage trains a part or, of the supervision's, some of it. */
  boolean trains(Part part, int stage) {
    return switch (part) {
      case VISION_ENCODER -> trains(stage, TrainedPart.VISION);
      case CONNECTOR -> trains(stage, TrainedPart.CONNECTOR);
      case SUPERVISION ->
          trains(stage, TrainedPart.ADAPTERS)
              || trains(stage, TrainedPart.EXPERTS)
              || trains(stage, TrainedPart.ROUTERS);
      case LANGUAGE_MODEL -> trains(stage, TrainedPart.LANGUAGE);
      case LORA -> trains(stage, TrainedPart.LORA);
      case UNET -> trains(stage, TrainedPart.UNET);
      case VAE -> stage == 0;
      case PERCEPTUAL, OPTIMIZER -> false;
    };
  }

  private boolean trains(int stage, TrainedPart part) {
    return stage > 0 && recipe.rate(stage, part).isPresent();
  }

  /** Whether LoRA adapts the linear layer at a path of the bare language model. */
  Predicate<String> adapted() {
    Set<String> matrices = shapes.getOrDefault(Part.LORA, Map.of()).keySet();
    return path -> matrices.contains("language_model." + path + ".lora_A.weight");
  }
}
