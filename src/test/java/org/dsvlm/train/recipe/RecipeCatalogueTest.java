/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
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

  /** Sets of features but for the whole, and what else the paper's ablations change. */
  private static final int VARIANTS = 14 + 8;

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
    assertThat(composed()).hasSize(8 * 4 * 2 * 2 + VARIANTS * 2).doesNotHaveDuplicates();
    assertThat(all()).contains("nano-scratch", "llava-1.5-7b", "llava-1.5-13b");
  }

  @ParameterizedTest
  @MethodSource("all")
  void onlyDsVlmAndNanoRecipesSupervise(String name) {
    boolean expected = name.startsWith("ds-vlm-") || name.startsWith("nano");
    assertThat(recipe(name).supervised()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "features-text-high, /features, '[text, high]'",
    "loss-mae, /loss, mae",
    "loss-ssim, /loss, ssim",
    "loss-epsilon, /loss, epsilon",
    "attention-shared, /attention, shared",
    "adapter-mlp, /adapter/kind, mlp",
    "adapter-qformer, /adapter/kind, qformer",
    "picture-512, /picture_size, 512",
    "unrolled, /reconstruction/kind, unrolled"
  })
  void aVariantChangesOneKeyOfTheSupervision(String variant, String key, String value) {
    ObjectNode main = RecipeReader.resolve("ds-vlm-vicuna-7b-siglip", List.of());
    ObjectNode changed = RecipeReader.resolve("ds-vlm-" + variant + "-vicuna-7b-siglip", List.of());
    assertThat(changed.at("/supervision" + key)).isEqualTo(RecipeReader.value(value, variant));
    assertThat(changed).isNotEqualTo(main);
    String path = "supervision" + key.replace('/', '.');
    Map<String, JsonNode> leaves = RecipeReader.leaves(changed);
    RecipeReader.leaves(main)
        .forEach(
            (name, leaf) -> {
              if (!name.equals(path)) {
                assertThat(leaves.get(name)).as(name).isEqualTo(leaf);
              }
            });
  }

  @Test
  void aVariantOfFeaturesHasThoseOfItsName() {
    int found = 0;
    for (String name : composed()) {
      if (name.startsWith("ds-vlm-features-")) {
        List<String> features = new ArrayList<>();
        recipe(name).supervision().path("features").forEach(node -> features.add(node.asText()));
        assertThat(name).startsWith("ds-vlm-features-" + String.join("-", features) + "-vicuna-7b");
        found++;
      }
    }
    assertThat(found).isEqualTo(14 * 2);
  }

  @ParameterizedTest
  @CsvSource({
    "llava-1.5-7b, llava-full-vicuna-7b-clip",
    "llava-1.5-13b, llava-full-vicuna-13b-clip",
    "llava-1.5-7b-lora, llava-lora-128-vicuna-7b-clip",
    "llava-1.5-13b-lora, llava-lora-128-vicuna-13b-clip"
  })
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

  /** Stage 1 trains the connector alone, stage 2 connector and language model. */
  @ParameterizedTest
  @CsvSource({"llava-1.5-7b, 2.0e-5, , 2.0e-5", "llava-1.5-13b-lora, , 2.0e-4, 2.0e-5"})
  void thePublishedLlavaIsTrainedAsItWas(
      String name, Double language, Double lora, double connector) {
    Recipe recipe = recipe(name);
    Map<TrainedPart, Double> first = rates(recipe, 1);
    assertThat(first).containsExactly(Map.entry(TrainedPart.CONNECTOR, 1e-3));
    Map<TrainedPart, Double> wanted = new EnumMap<>(TrainedPart.class);
    wanted.put(TrainedPart.CONNECTOR, connector);
    if (language != null) {
      wanted.put(TrainedPart.LANGUAGE, language);
    }
    if (lora != null) {
      wanted.put(TrainedPart.LORA, lora);
      assertThat(recipe.model().language().lora().rank()).isEqualTo(128);
      assertThat(recipe.model().language().lora().alpha()).isEqualTo(256);
    }
    assertThat(rates(recipe, 2)).isEqualTo(wanted);
  }

  private static Map<TrainedPart, Double> rates(Recipe recipe, int stage) {
    Map<TrainedPart, Double> rates = new EnumMap<>(TrainedPart.class);
    for (TrainedPart part : TrainedPart.values()) {
      recipe.rate(stage, part).ifPresent(rate -> rates.put(part, rate));
    }
    return rates;
  }

  static List<String> papers() {
    return composed().stream().filter(name -> !name.matches(".*-(full|lora-128)-.*")).toList();
  }

  @ParameterizedTest
  @MethodSource("papers")
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
