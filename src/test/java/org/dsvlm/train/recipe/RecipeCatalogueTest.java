/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.text.ConversationTemplate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeCatalogueTest {
  private static final Map<String, Integer> WIDTHS =
      Map.of("vicuna-7b", 4096, "vicuna-13b", 5120, "llama-3-8b", 4096, "qwen2-7b", 3584);
  private static final Map<String, String> TEMPLATES =
      Map.of(
          "vicuna-7b", "vicuna_v1",
          "vicuna-13b", "vicuna_v1",
          "llama-3-8b", "llama_3",
          "qwen2-7b", "qwen2");

  private static Recipe recipe(String name) {
    return RecipeReader.bind(RecipeReader.resolve(name, List.of()));
  }

  static List<String> all() {
    return RecipeReader.names();
  }

  static List<String> composed() {
    return all().stream().filter(name -> RecipeCatalogue.parts(name) != null).toList();
  }

  @Test
  void everyCombinationOfThePaperIsThere() {
    assertThat(composed()).hasSize(4 * 4 * 2 * 2).doesNotHaveDuplicates();
    assertThat(all()).contains("nano-scratch", "llava-1.5-7b", "llava-1.5-13b");
  }

  @ParameterizedTest
  @MethodSource("all")
  void onlyDsVlmAndNanoRecipesSupervise(String name) {
    boolean expected = name.startsWith("ds-vlm-") || name.startsWith("nano");
    assertThat(recipe(name).supervised()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"llava-1.5-7b, llava-vicuna-7b-clip", "llava-1.5-13b, llava-vicuna-13b-clip"})
  void aPublicNameTrainsThePlainLlava(String name, String same) {
    assertThat(RecipeReader.resolve(name, List.of()))
        .isEqualTo(RecipeReader.resolve(same, List.of()));
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyRecipeCanBeUsed(String name) {
    Recipe recipe = recipe(name);
    RecipeModels models = RecipeModels.planned(recipe.model());
    assertThat(models.vision().hiddenSize()).isPositive();
    assertThat(models.language().hiddenSize()).isPositive();
    DTypes.parse(recipe.precision());
    for (int stage = 1; stage <= 2; stage++) {
      ConversationTemplate.named(recipe.stage(stage).template());
      assertThat(recipe.stage(stage).batchSize() % recipe.stage(stage).microBatchSize()).isZero();
      assertThat(recipe.stage(stage).warmupRatio()).isEqualTo(0.03);
    }
    assertThat(recipe.data().expected().stage1().records()).isPositive();
    assertThat(recipe.data().expected().stage2().records()).isPositive();
    if (recipe.supervised()) {
      SupervisionConfig supervision = recipe.supervisionConfig();
      assertThat(supervision.levels().high()).isLessThanOrEqualTo(models.vision().layers());
      int multiple = models.vae().reduction() << (models.unet().levels() - 1);
      assertThat(supervision.pictureSize() % multiple).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("composed")
  void thePapersRecipesAreWhatTheyAreCalled(String name) {
    Recipe recipe = recipe(name);
    RecipeModels models = RecipeModels.planned(recipe.model());
    String language = recipe.model().language().arch();
    assertThat(name).contains("-" + language + "-");
    assertThat(models.language().hiddenSize()).isEqualTo(WIDTHS.get(language));
    assertThat(recipe.stage2().template()).isEqualTo(TEMPLATES.get(language));
    assertThat(models.vision().imageSize()).isEqualTo(name.contains("-siglip") ? 384 : 336);
    assertThat(recipe.data().stage1().contains("mgm")).isEqualTo(name.endsWith("-mini-gemini"));
    assertThat(recipe.data().stage2().contains("mgm")).isEqualTo(name.endsWith("-mini-gemini"));
    assertThat(recipe.supervised()).isEqualTo(name.startsWith("ds-vlm"));
    boolean trainable =
        name.startsWith("llava-trainable")
            || name.startsWith("ds-vlm") && !name.startsWith("ds-vlm-frozen");
    assertThat(recipe.visionLearningRate()).isEqualTo(trainable ? 2e-6 : 0);
  }

  @ParameterizedTest
  @MethodSource("composed")
  void thePapersRecipesShareItsSettings(String name) {
    Recipe recipe = recipe(name);
    assertThat(recipe.stage1().learningRate()).isEqualTo(1e-3);
    assertThat(recipe.stage2().learningRate()).isEqualTo(2e-5);
    assertThat(recipe.stage1().batchSize()).isEqualTo(256);
    assertThat(recipe.stage2().batchSize()).isEqualTo(128);
    assertThat(recipe.stage1().epochs()).isEqualTo(1);
    assertThat(recipe.stage2().epochs()).isEqualTo(1);
    assertThat(recipe.stage1().weightDecay()).isZero();
    assertThat(recipe.stage2().groupByModalityLength()).isTrue();
    assertThat(recipe.data().maxLength()).isEqualTo(2048);
    assertThat(recipe.precision()).isEqualTo("bfloat16");
    assertThat(recipe.model().language().trainable()).isFalse();
    Recipe.Lora lora = recipe.model().language().lora();
    assertThat(lora.rank()).isEqualTo(8);
    assertThat(
            LoraConfig.of(
                    lora.rank(),
                    lora.alpha(),
                    lora.dropout(),
                    lora.useRslora(),
                    lora.targetModules())
                .alpha())
        .isEqualTo(16);
    assertThat(lora.targetModules()).isEqualTo("all-linear");
  }
}
