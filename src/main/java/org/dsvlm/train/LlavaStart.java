/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llama.TiedHead;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaLayouts;
import org.dsvlm.models.llava.LlavaLora;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.UnusedTensors;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeModels;
import org.dsvlm.weights.JoinedWeights;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.jspecify.annotations.Nullable;

/**
 * The LLaVA that a run trains, with the store of its parameters: read whole, joined from an encoder
 * and a language model with a new connector, or drawn at random.
 */
final class LlavaStart implements AutoCloseable {
  private static final String VISION = "vision_tower.";
  private static final String LANGUAGE = "language_model.";
  private static final String CONNECTOR = "multi_modal_projector.";

  private final ParameterStore parameters;
  private final Llava model;
  private final @Nullable Lora lora;

  private LlavaStart(ParameterStore parameters, Llava model, @Nullable Lora lora) {
    this.parameters = parameters;
    this.model = model;
    this.lora = lora;
  }

  private static LlavaStart of(
      Recipe recipe, RandomState random, ParameterStore parameters, Llava model) {
    Recipe.Lora settings = recipe.model().language().lora();
    try {
      StartValues.into(parameters, recipe.model().start());
    } catch (DsVlmException e) {
      parameters.close();
      throw e;
    }
    if (settings.rank() == 0) {
      return new LlavaStart(parameters, model, null);
    }
    try {
      if (!settings.path().isEmpty()) {
        return new LlavaStart(parameters, model, stored(settings, parameters));
      }
      LoraConfig config =
          LoraConfig.of(
              settings.rank(),
              settings.alpha(),
              settings.dropout(),
              settings.useRslora(),
              settings.targetModules());
      Lora lora = LlavaLora.start(parameters, config, random.fork("lora"));
      return new LlavaStart(parameters, model, lora);
    } catch (DsVlmException e) {
      parameters.close();
      throw new DsVlmException("recipe: model.language.lora: " + e.getMessage(), e);
    }
  }

  private static Lora stored(Recipe.Lora settings, ParameterStore parameters) {
    Lora lora =
        LlavaLora.read(
            FilePath.model("recipe: model.language.lora.path", settings.path()), parameters);
    if (lora.config().rank() != settings.rank()) {
      lora.close();
      throw new DsVlmException(
          "rank is "
              + settings.rank()
              + ", but the adapter in "
              + settings.path()
              + " has rank "
              + lora.config().rank()
              + "; set it to that");
    }
    return lora;
  }

  /** The model as the recipe describes it; {@code data} knows its image token. */
  static LlavaStart of(Recipe recipe, RunData data, RandomState random, ScalarType dtype) {
    Recipe.Model model = recipe.model();
    if (!model.llava().isEmpty()) {
      return whole(recipe, random, dtype);
    }
    RecipeModels sizes = RecipeModels.of(model);
    VisionConfig vision = sizes.vision();
    LlamaConfig language = sizes.language();
    data.tokenizer().checkFits(language.vocabularySize());
    TiedHead head = TiedHead.resolve(language, stored(model, vision), LANGUAGE);
    LlavaConfig config =
        new LlavaConfig(
            vision,
            head.config(),
            data.imageToken(),
            List.of(model.vision().featureLayer()),
            vision.classTokens() > 0,
            true,
            LlavaConfig.CONNECTOR_LAYERS);
    try (WeightSource stored = head.weights()) {
      RandomState start = random.fork("llava");
      ParameterStore parameters =
          stored.names().isEmpty()
              ? ParameterStore.random(start, dtype, recipe.device())
              : ParameterStore.from(
                  stored, start, name -> startsAtRandom(model, name), dtype, recipe.device());
      Llava llava = new Llava(parameters.root(), config);
      UnusedTensors.check(parameters, "the recipe", LlavaLayouts::ours);
      return of(recipe, random, parameters, llava);
    }
  }

  /** The whole LLaVA that the recipe names. */
  static LlavaStart whole(Recipe recipe, RandomState random, ScalarType dtype) {
    LoadedLlava whole =
        LoadedLlava.open(
            FilePath.model("recipe: model.llava", recipe.model().llava()), dtype, recipe.device());
    if (whole.config().connectorLayers() != LlavaConfig.CONNECTOR_LAYERS) {
      whole.close();
      throw new DsVlmException(
          "recipe: model.llava: the connector of "
              + recipe.model().llava()
              + " has one layer (mm_projector_type linear), which the run's export, in Hugging"
              + " Face's layout, cannot hold; start from a LLaVA of version 1.5 or later");
    }
    return of(recipe, random, whole.parameters(), whole.model());
  }

  private static boolean startsAtRandom(Recipe.Model model, String name) {
    return name.startsWith(CONNECTOR)
        || (model.vision().path().isEmpty() && name.startsWith(VISION))
        || (model.language().path().isEmpty() && name.startsWith(LANGUAGE));
  }

  /** The stored weights of the model under our names; none if all starts at random. */
  private static WeightSource stored(Recipe.Model model, VisionConfig vision) {
    List<WeightSource> parts = new ArrayList<>();
    if (!model.vision().path().isEmpty()) {
      WeightSource tower =
          WeightFolder.open(FilePath.model("recipe: model.vision.path", model.vision().path()));
      UnaryOperator<String> layout = vision.family().layout(tower.names(), model.vision().path());
      RenamedWeights encoder =
          new RenamedWeights(
              tower,
              name -> {
                String own = layout.apply(name);
                return own == null ? null : VISION + own;
              });
      UnusedTensors.sayHidden(encoder);
      parts.add(encoder);
    }
    if (!model.language().path().isEmpty()) {
      parts.add(
          LlavaLayouts.read(
              WeightFolder.open(
                  FilePath.model("recipe: model.language.path", model.language().path()))));
    }
    return new JoinedWeights("recipe: model", parts);
  }

  Llava model() {
    return model;
  }

  ParameterStore parameters() {
    return parameters;
  }

  /** The language model's adapter. */
  @Nullable Lora lora() {
    return lora;
  }

  /**
   * Writes the adapter for the model that the run started from: the LLaVA or else the language
   * model of the recipe, which the run leaves as it was.
   */
  static void writeAdapter(Path folder, Lora lora, Recipe.Model start) {
    boolean whole = !start.llava().isEmpty() || start.language().path().isEmpty();
    String base = start.llava().isEmpty() ? start.language().path() : start.llava();
    LlavaLora.write(
        folder,
        lora,
        whole ? LlavaLora.Layout.LLAVA : LlavaLora.Layout.LANGUAGE_MODEL,
        base.isEmpty() ? null : base);
  }

  @Override
  public void close() {
    if (lora != null) {
      lora.close();
    }
    parameters.close();
  }
}
