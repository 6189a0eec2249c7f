/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalDouble;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StageRulesTest {
  private static Recipe recipe(String name, String... overrides) {
    return RecipeReader.bind(RecipeReader.resolve(name, List.of(overrides)));
  }

  @Test
  void withoutRatesOfTheirOwnPartsFollowTheRecipesOtherKeys() {
    Recipe paper = recipe("ds-vlm-vicuna-7b-clip");
    for (int stage = 1; stage <= 2; stage++) {
      OptionalDouble rate = OptionalDouble.of(stage == 1 ? 1e-3 : 2e-5);
      assertThat(paper.rate(stage, TrainedPart.CONNECTOR)).isEqualTo(rate);
      assertThat(paper.rate(stage, TrainedPart.ADAPTERS)).isEqualTo(rate);
      assertThat(paper.rate(stage, TrainedPart.EXPERTS)).isEqualTo(rate);
      assertThat(paper.rate(stage, TrainedPart.ROUTERS)).isEqualTo(rate);
      assertThat(paper.rate(stage, TrainedPart.VISION)).hasValue(2e-6);
      assertThat(paper.rate(stage, TrainedPart.LANGUAGE)).isEmpty();
      assertThat(paper.rate(stage, TrainedPart.UNET)).isEmpty();
    }
    assertThat(paper.rate(1, TrainedPart.LORA)).isEmpty();
    assertThat(paper.rate(2, TrainedPart.LORA)).hasValue(2e-5);
    Recipe nano = recipe("nano-scratch", "diffusion_learning_rate=5e-4");
    assertThat(nano.rate(1, TrainedPart.LANGUAGE)).hasValue(2e-3);
    assertThat(nano.rate(1, TrainedPart.UNET)).hasValue(5e-4);
    assertThat(recipe("llava-vicuna-7b-clip").rate(1, TrainedPart.ADAPTERS)).isEmpty();
  }

  /** LLaVA-1.5's published way: connector alone, then connector and the whole language model. */
  @Test
  void aRateOfItsOwnTrainsAPartAndZeroFreezesIt() {
    Recipe recipe =
        recipe(
            "llava-vicuna-7b-clip",
            "model.language.lora.rank=0",
            "stage2.train.language=2e-5",
            "stage2.train.connector=0",
            "stage1.train.vision=3e-6");
    assertThat(recipe.rate(1, TrainedPart.LANGUAGE)).isEmpty();
    assertThat(recipe.rate(2, TrainedPart.LANGUAGE)).hasValue(2e-5);
    assertThat(recipe.rate(2, TrainedPart.CONNECTOR)).isEmpty();
    assertThat(recipe.rate(1, TrainedPart.VISION)).hasValue(3e-6);
    assertThat(recipe.rate(2, TrainedPart.VISION)).isEmpty();
    assertThat(recipe.trains(TrainedPart.VISION)).isTrue();
    assertThat(recipe.trains(TrainedPart.UNET)).isFalse();
  }

  @Test
  void nullTakesARateBack() {
    assertThat(
            recipe("nano-scratch", "stage1.train.vision=0", "stage1.train.vision=null")
                .rate(1, TrainedPart.VISION))
        .hasValue(1e-3);
  }

  @Test
  void aLossThatIsOffTeachesNoPart() {
    Recipe recipe =
        recipe(
            "nano-scratch",
            "stage1.losses.language.weight=0",
            "stage2.losses.reconstruction.weight=0");
    assertThat(recipe.hasLanguageLoss(1)).isFalse();
    assertThat(recipe.rate(1, TrainedPart.LANGUAGE)).isEmpty();
    assertThat(recipe.rate(1, TrainedPart.UNET)).isPresent();
    assertThat(recipe.hasReconstructionLoss(2)).isFalse();
    assertThat(recipe.rate(2, TrainedPart.UNET)).isEmpty();
    assertThat(recipe.rate(2, TrainedPart.EXPERTS)).isEmpty();
    assertThat(recipe.rate(2, TrainedPart.LANGUAGE)).isPresent();
  }

  /** So that a comparison without the supervision is one setting away. */
  @Test
  void withoutTheSupervisionTheRatesOfItsPartsAreIdle() {
    Recipe without = recipe("nano", "supervision.enabled=false", "model.start.multi_adapter=");
    for (TrainedPart part : TrainedPart.values()) {
      assertThat(without.rate(1, part).isPresent())
          .as(part.key())
          .isEqualTo(part == TrainedPart.CONNECTOR || part == TrainedPart.VISION);
    }
    assertThat(recipe("nano").rate(1, TrainedPart.ADAPTERS)).hasValue(1e-4);
  }

  @ParameterizedTest
  @CsvSource({
    "nano-scratch, stage1.train.lora=1e-4, stage1.train.lora, model.language.lora.rank is 0",
    "ds-vlm-vicuna-7b-clip, stage2.train.language=1e-4, stage2.train.language, not both",
    "nano, supervision.weight=0, stage1.train.adapters, no reconstruction",
    "nano-scratch, stage1.train.vision=-1, stage1.train.vision, 0 to freeze it",
    "nano-scratch, stage1.train.vision=fast, stage1.train.vision, a number",
    "nano-scratch, stage1.losses.language.weight=-1, stage1.losses.language.weight, from 0 up",
    "nano-scratch, supervision.max_timestep_fraction=0.5, supervision.timesteps.max_fraction, become",
    "llava-vicuna-7b-clip, stage1.losses.language.weight=0, stage1, no loss is left",
    "llava-vicuna-7b-clip, model.start.multi_adapter=x, model.start.multi_adapter, enabled is false",
    "nano-scratch, model.language.lora.path=x, model.language.lora.path, rank is 0",
  })
  void namesWhatDoesNotFitTogether(String name, String override, String key, String problem) {
    assertThatThrownBy(() -> recipe(name, override))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(key)
        .hasMessageContaining(problem);
  }

  @Test
  void namesAStageThatTrainsNothing() {
    assertThatThrownBy(() -> recipe("llava-vicuna-7b-clip", "stage1.train.connector=0"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("stage1.train freezes every part");
  }
}
