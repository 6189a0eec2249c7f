/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.recipe.Recipe;
import org.jspecify.annotations.Nullable;

/**
 * The parameters that a run trains, by part: the connector, the vision encoder at its own rate, the
 * supervision's own parameters and, where the recipe says so, the language model or its adapter,
 * and the UNet.
 */
final class TrainableParts {
  private static final String VISION = "vision_tower.";
  private static final String LANGUAGE = "language_model.";
  private static final String CONNECTOR = "multi_modal_projector.";
  private static final String UNET = "unet.";

  /** The stage that trains the language model's adapter. */
  private static final int LORA_STAGE = 2;

  private final Recipe recipe;
  private final @Nullable Lora lora;
  private final Map<String, Tensor> connector;
  private final Map<String, Tensor> vision;
  private final Map<String, Tensor> language;
  private final Map<String, Tensor> adapter = new LinkedHashMap<>();
  private final Map<String, Tensor> auxiliary = new LinkedHashMap<>();
  private final Map<String, Tensor> unet = new LinkedHashMap<>();

  /**
   * Turns gradients on for exactly these parts.
   *
   * @param lora of the language model; null without
   * @param diffusion null without supervision
   */
  TrainableParts(
      Recipe recipe,
      ParameterStore llava,
      @Nullable Lora lora,
      List<AuxiliaryLoss> auxiliaries,
      @Nullable StableDiffusion diffusion) {
    this.recipe = recipe;
    this.lora = lora;
    if (lora != null) {
      adapter.putAll(lora.parameters());
    }
    boolean visionTrains = recipe.visionLearningRate() > 0;
    boolean languageTrains = recipe.model().language().trainable() && recipe.languageWeight() > 0;
    Map<String, Tensor> chosen =
        llava.setTrainable(
            name ->
                name.startsWith(CONNECTOR)
                    || (visionTrains && name.startsWith(VISION))
                    || (languageTrains && name.startsWith(LANGUAGE)));
    connector = below(CONNECTOR, chosen);
    vision = below(VISION, chosen);
    language = below(LANGUAGE, chosen);
    auxiliaries.forEach(loss -> auxiliary.putAll(loss.parameters()));
    if (diffusion != null) {
      diffusion.vaeStore().setTrainable(name -> false);
      boolean unetTrains = recipe.model().stableDiffusion().trainable();
      diffusion
          .unetStore()
          .setTrainable(name -> unetTrains)
          .forEach((name, tensor) -> unet.put(UNET + name, tensor));
    }
  }

  private static Map<String, Tensor> below(String prefix, Map<String, Tensor> tensors) {
    Map<String, Tensor> part = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(prefix)) {
            part.put(name, tensor);
          }
        });
    return part;
  }

  /**
   * Makes the model ready for the stage numbered {@code number}: the adapter takes part in stage 2
   * alone, so that stage 1 is the same with and without one.
   *
   * @return the stage's groups; the first has its own rate
   */
  List<ParameterGroup> enter(int number) {
    Recipe.Stage stage = recipe.stage(number);
    if (lora != null) {
      lora.setTraining(number == LORA_STAGE);
    }
    List<ParameterGroup> groups = new ArrayList<>();
    double rate = stage.learningRate();
    double unetRate = recipe.diffusionLearningRate() > 0 ? recipe.diffusionLearningRate() : rate;
    add(groups, Part.CONNECTOR, connector, rate, stage);
    add(groups, Part.SUPERVISION, auxiliary, rate, stage);
    add(groups, Part.LANGUAGE_MODEL, language, rate, stage);
    if (number == LORA_STAGE) {
      add(groups, Part.LORA, adapter, rate, stage);
    }
    add(groups, Part.VISION_ENCODER, vision, recipe.visionLearningRate(), stage);
    add(groups, Part.UNET, unet, unetRate, stage);
    return groups;
  }

  /**
   * The same parameters by name, roughly in the order of a step's backward passes: the losses'
   * parameters one after the other, then connector and encoder, each from its end.
   */
  Map<String, Tensor> backwardOrder(List<ParameterGroup> groups) {
    Map<String, Tensor> order = new LinkedHashMap<>();
    for (Map<String, Tensor> part :
        List.of(language, adapter, auxiliary, unet, connector, vision)) {
      List<Map.Entry<String, Tensor>> entries = new ArrayList<>(part.entrySet());
      Collections.reverse(entries);
      entries.forEach(entry -> order.put(entry.getKey(), entry.getValue()));
    }
    order
        .keySet()
        .removeIf(name -> groups.stream().noneMatch(group -> group.parameters().containsKey(name)));
    return order;
  }

  /** As Hugging Face's Trainer does: vectors (biases, norms) do not decay. */
  private static void add(
      List<ParameterGroup> groups,
      Part part,
      Map<String, Tensor> parameters,
      double rate,
      Recipe.Stage stage) {
    Map<String, Tensor> matrices = new LinkedHashMap<>();
    Map<String, Tensor> vectors = new LinkedHashMap<>();
    parameters.forEach((key, tensor) -> (tensor.dim() > 1 ? matrices : vectors).put(key, tensor));
    if (!matrices.isEmpty()) {
      groups.add(new ParameterGroup(part.key(), matrices, rate, stage.weightDecay()));
    }
    if (!vectors.isEmpty()) {
      groups.add(new ParameterGroup(part.key(), vectors, rate, 0));
    }
  }

  /** Every trained tensor by checkpoint name, those of the UNet below {@code unet.}. */
  Map<String, Tensor> all() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    List.of(connector, auxiliary, language, adapter, vision, unet).forEach(all::putAll);
    return all;
  }
}
