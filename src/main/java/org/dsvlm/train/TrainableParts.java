/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.TrainedPart;
import org.jspecify.annotations.Nullable;

/**
 * The parameters that a run trains, by part: each at its stage's rate, which the recipe's keys for
 * the part or the whole stage give.
 */
final class TrainableParts {
  private static final String VISION = "vision_tower.";
  private static final String LANGUAGE = "language_model.";
  private static final String CONNECTOR = "multi_modal_projector.";
  private static final String UNET = "unet.";
  private static final String ROUTER = ".router.weight";

  /** From here on the language model's adapter takes part even if it is not trained. */
  private static final int LORA_STAGE = 2;

  private final Recipe recipe;
  private final @Nullable Lora lora;
  private final Map<TrainedPart, Map<String, Tensor>> parts = new EnumMap<>(TrainedPart.class);
  private final Map<String, Tensor> auxiliary = new LinkedHashMap<>();

  /**
   * Collects the parameters of every part that some stage trains; {@link #enter} makes those of a
   * stage trainable.
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
    for (TrainedPart part : TrainedPart.values()) {
      parts.put(part, new LinkedHashMap<>());
    }
    llava.setTrainable(name -> false);
    addAll(TrainedPart.CONNECTOR, below(CONNECTOR, llava.tensors()));
    addAll(TrainedPart.VISION, below(VISION, llava.tensors()));
    addAll(TrainedPart.LANGUAGE, below(LANGUAGE, llava.tensors()));
    addAll(TrainedPart.LORA, lora == null ? Map.of() : lora.parameters());
    for (AuxiliaryLoss loss : auxiliaries) {
      loss.parameters()
          .forEach(
              (name, tensor) -> {
                tensor.set_requires_grad(false);
                auxiliary.put(name, tensor);
                addAll(partOf(name), Map.of(name, tensor));
              });
    }
    if (diffusion != null) {
      diffusion.vaeStore().setTrainable(name -> false);
      diffusion.unetStore().setTrainable(name -> false);
      diffusion
          .unetStore()
          .tensors()
          .forEach((name, tensor) -> addAll(TrainedPart.UNET, Map.of(UNET + name, tensor)));
    }
  }

  private void addAll(TrainedPart part, Map<String, Tensor> tensors) {
    if (recipe.trains(part)) {
      of(part).putAll(tensors);
    }
  }

  private Map<String, Tensor> of(TrainedPart part) {
    return Objects.requireNonNull(parts.get(part));
  }

  /**
   * The part of an auxiliary loss's parameter, by the names of {@code multi_adapter.safetensors}.
   */
  private static TrainedPart partOf(String name) {
    if (!name.startsWith(UNET)) {
      return TrainedPart.ADAPTERS;
    }
    return name.endsWith(ROUTER) ? TrainedPart.ROUTERS : TrainedPart.EXPERTS;
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
   * Makes exactly the parts of the stage numbered {@code number} trainable. A new adapter of the
   * language model is off before the first stage that trains it, so that stage 1 is the same with
   * and without one.
   *
   * @return the stage's groups
   */
  List<ParameterGroup> enter(int number) {
    if (lora != null) {
      lora.setActive(
          number == LORA_STAGE
              || !recipe.model().language().lora().path().isEmpty()
              || recipe.rate(1, TrainedPart.LORA).isPresent());
    }
    parts.forEach(
        (part, tensors) -> {
          boolean trains = recipe.rate(number, part).isPresent();
          tensors.values().forEach(tensor -> tensor.set_requires_grad(trains));
        });
    List<ParameterGroup> groups = new ArrayList<>();
    add(groups, Part.CONNECTOR.key(), number, TrainedPart.CONNECTOR);
    addSupervision(groups, number);
    add(groups, Part.LANGUAGE_MODEL.key(), number, TrainedPart.LANGUAGE);
    add(groups, Part.LORA.key(), number, TrainedPart.LORA);
    add(groups, Part.VISION_ENCODER.key(), number, TrainedPart.VISION);
    add(groups, Part.UNET.key(), number, TrainedPart.UNET);
    return groups;
  }

  /** One part where one rate goes for all three, else three. */
  private void addSupervision(List<ParameterGroup> groups, int number) {
    List<TrainedPart> three =
        List.of(TrainedPart.ADAPTERS, TrainedPart.EXPERTS, TrainedPart.ROUTERS);
    List<OptionalDouble> rates = three.stream().map(part -> recipe.rate(number, part)).toList();
    if (rates.stream().distinct().count() == 1) {
      rates
          .get(0)
          .ifPresent(
              rate -> add(groups, Part.SUPERVISION.key(), auxiliary, rate, recipe.stage(number)));
      return;
    }
    three.forEach(part -> add(groups, Part.SUPERVISION.key() + "_" + part.key(), number, part));
  }

  private void add(List<ParameterGroup> groups, String name, int number, TrainedPart part) {
    recipe
        .rate(number, part)
        .ifPresent(rate -> add(groups, name, of(part), rate, recipe.stage(number)));
  }

  /**
   * The same parameters by name, roughly in the order of a step's backward passes: the losses'
   * parameters one after the other, then connector and encoder, each from its end.
   */
  Map<String, Tensor> backwardOrder(List<ParameterGroup> groups) {
    Map<String, Tensor> order = new LinkedHashMap<>();
    for (Map<String, Tensor> part :
        List.of(
            of(TrainedPart.LANGUAGE),
            of(TrainedPart.LORA),
            auxiliary,
            of(TrainedPart.UNET),
            of(TrainedPart.CONNECTOR),
            of(TrainedPart.VISION))) {
      List<Map.Entry<String, Tensor>> entries = new ArrayList<>(part.entrySet());
      Collections.reverse(entries);
      entries.forEach(entry -> order.put(entry.getKey(), entry.getValue()));
    }
    order
        .keySet()
        .removeIf(name -> groups.stream().noneMatch(group -> group.parameters().containsKey(name)));
    return BackwardOrder.ofUNet(order);
  }

  /** As Hugging Face's Trainer does: vectors (biases, norms) do not decay. */
  private static void add(
      List<ParameterGroup> groups,
      String name,
      Map<String, Tensor> parameters,
      double rate,
      Recipe.Stage stage) {
    Map<String, Tensor> matrices = new LinkedHashMap<>();
    Map<String, Tensor> vectors = new LinkedHashMap<>();
    parameters.forEach((key, tensor) -> (tensor.dim() > 1 ? matrices : vectors).put(key, tensor));
    if (!matrices.isEmpty()) {
      groups.add(new ParameterGroup(name, matrices, rate, stage.weightDecay()));
    }
    if (!vectors.isEmpty()) {
      groups.add(new ParameterGroup(name, vectors, rate, 0));
    }
  }

  /**
   * Every tensor that some stage trains by checkpoint name, those of the UNet below {@code unet.}.
   */
  Map<String, Tensor> all() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    parts.values().forEach(all::putAll);
    return all;
  }
}
