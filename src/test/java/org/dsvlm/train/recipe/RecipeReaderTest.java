/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeReaderTest {
  @TempDir private Path folder;

  private static Recipe recipe(String... overrides) {
    return RecipeReader.bind(RecipeReader.resolve("nano-scratch", List.of(overrides)));
  }

  @Test
  void overridesTakeTheTypeOfTheDefault() {
    Recipe recipe =
        recipe(
            "seed=7",
            "stage1.learning_rate=1e-3",
            "stage2.learning_rate=1",
            "supervision.enabled=false",
            "data.pictures=12",
            "model.perceptual.widths=[1, 2, 3, 4, 5]",
            "model.vision.config.hidden_size=32");
    assertThat(recipe.seed()).isEqualTo(7);
    assertThat(recipe.stage1().learningRate()).isEqualTo(1e-3);
    assertThat(recipe.stage2().learningRate()).isEqualTo(1);
    assertThat(recipe.supervised()).isFalse();
    assertThat(recipe.data().pictures()).isEqualTo("12");
    assertThat(recipe.model().perceptual().widths()).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(recipe.model().vision().config().get("hidden_size").asInt()).isEqualTo(32);
  }

  @ParameterizedTest
  @CsvSource({
    "stage1.learning_rat=1, stage1.learning_rate",
    "learning_rate=1, stage0.learning_rate",
    "stage3.max_steps=1, stage",
    "model.vision.config.hiden_size=3, model.vision.config.hidden_size",
    "seed.x=1, seed"
  })
  void anUnknownKeyNamesTheNearestOne(String override, String nearest) {
    assertThatThrownBy(() -> recipe(override))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("unknown key '" + override.split("=")[0] + "'")
        .hasMessageContaining("'" + nearest);
  }

  @ParameterizedTest
  @CsvSource({
    "seed=x, a whole number",
    "seed=1.5, a whole number",
    "stage1.learning_rate=fast, a number",
    "supervision.enabled=1, true or false",
    "supervision.features=text, a list",
    "supervision=1, a mapping"
  })
  void aValueOfAnotherTypeIsRefused(String override, String wanted) {
    assertThatThrownBy(() -> recipe(override))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'" + override.split("=")[0] + "' takes " + wanted);
  }

  @ParameterizedTest
  @CsvSource({
    "seed=99999999999999999999, seed: ",
    "threads=-1, threads has to be 0 or more",
    "max_skipped_in_a_row=0, max_skipped_in_a_row has to be above 0",
    "data.max_length=0, data.max_length has to be above 0",
    "data.threads=0, data.threads has to be above 0",
    "data.threads=3000000000, data.threads: ",
    "data.bad_records=1.1, data.bad_records has to be from 0 to 1",
    "data.expected.stage1.with_picture=1.1, data.expected.stage1.with_picture has to be from 0 to"
        + " 1",
    "stage0.batch_size=0, stage0.batch_size has to be above 0",
    "stage1.batch_size=0, stage1.batch_size has to be above 0",
    "stage2.micro_batch_size=-1, stage2.micro_batch_size has to be above 0",
    "stage2.warmup_ratio=1.5, stage2.warmup_ratio has to be from 0 to 1",
    "stage2.learning_rate=NaN, stage2.learning_rate has to be 0 or more",
    "stage2.template=vicuna, stage2.template: unknown template",
    "optimizer.beta2=1, optimizer.beta2 has to be from 0 to below 1",
    "checkpoint.keep=0, checkpoint.keep has to be above 0",
    "model.vision.arch=clip-l-336, model.vision.arch is 'clip-l-336'",
    "model.language.lora.rank=-1, model.language.lora.rank has to be 0 or more",
    "model.language.lora.rank=8, model.language.trainable is true and lora.rank above 0"
  })
  void anImpossibleValueIsRefusedByItsKey(String override, String reason) {
    assertThatThrownBy(() -> recipe(override))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("recipe: " + reason);
  }

  @Test
  void aFileHoldsChangesToTheDefaults() throws IOException {
    Path file = Files.writeString(folder.resolve("my.yaml"), "stage1:\n  max_steps: 3\n");
    ObjectNode tree = RecipeReader.resolve(file.toString(), List.of());
    assertThat(RecipeReader.bind(tree).stage1().maxSteps()).isEqualTo(3);
  }

  @Test
  void aFileExtendsRecipesPartsAndOtherFiles() throws IOException {
    Files.createDirectories(folder.resolve("mine"));
    Files.writeString(folder.resolve("base.yaml"), "seed: 3\nstage1: {max_steps: 5, epochs: 2}\n");
    Path file =
        Files.writeString(
            folder.resolve("mine/my.yaml"),
            "extends: [ds-vlm-qwen2-7b-clip, vision/siglip, ../base.yaml]\nstage1: {epochs: 3}\n");
    Recipe recipe = RecipeReader.bind(RecipeReader.resolve(file.toString(), List.of("seed=4")));
    assertThat(recipe.model().language().arch()).isEqualTo("qwen2-7b");
    assertThat(recipe.model().vision().arch()).isEqualTo("siglip-so400m");
    assertThat(recipe.seed()).isEqualTo(4);
    assertThat(recipe.stage1().maxSteps()).isEqualTo(5);
    assertThat(recipe.stage1().epochs()).isEqualTo(3);
  }

  @Test
  void anotherFilesKeysCanBeAddedInALaterLayer() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("my.yaml"),
            "extends: nano-scratch\nmodel: {vision: {config: {layer_norm_eps: 1.0e-6}}}\n");
    ObjectNode tree = RecipeReader.resolve(file.toString(), List.of());
    assertThat(tree.at("/model/vision/config/layer_norm_eps").asDouble()).isEqualTo(1e-6);
    assertThat(tree.at("/model/vision/config/hidden_size").asInt()).isEqualTo(96);
    assertThat(RecipeReader.resolve("nano-scratch", List.of()).at("/model/vision/config"))
        .as("the built-in recipe itself")
        .noneMatch(value -> value.asText().equals("1.0E-6"));
  }

  @Test
  void impossibleBasesAreNamed() throws IOException {
    Path missing = Files.writeString(folder.resolve("a.yaml"), "extends: vision/vit\n");
    assertThatThrownBy(() -> RecipeReader.resolve(missing.toString(), List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("a.yaml")
        .hasMessageContaining("vision/vit");
    Path circle = Files.writeString(folder.resolve("b.yaml"), "extends: [c.yaml]\n");
    Files.writeString(folder.resolve("c.yaml"), "extends: b.yaml\n");
    assertThatThrownBy(() -> RecipeReader.resolve(circle.toString(), List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("extends itself");
    Path number = Files.writeString(folder.resolve("d.yaml"), "extends: 3\n");
    assertThatThrownBy(() -> RecipeReader.resolve(number.toString(), List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'extends' takes a name");
  }

  @Test
  void theWrittenRecipeReadsBackTheSame() throws IOException {
    ObjectNode tree = RecipeReader.resolve("nano-scratch", List.of("stage1.learning_rate=1e-7"));
    Path file = Files.writeString(folder.resolve("recipe.yaml"), RecipeReader.yaml(tree));
    assertThat(RecipeReader.resolve(file.toString(), List.of())).isEqualTo(tree);
  }

  @Test
  void brokenFilesAreNamed() throws IOException {
    Path broken = Files.writeString(folder.resolve("broken.yaml"), "seed: [1\nstage1: {");
    assertThatThrownBy(() -> RecipeReader.resolve(broken.toString(), List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("broken.yaml")
        .hasMessageContaining("line");
    Path list = Files.writeString(folder.resolve("list.yaml"), "- 1\n");
    assertThatThrownBy(() -> RecipeReader.resolve(list.toString(), List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("list.yaml");
    assertThatThrownBy(() -> RecipeReader.resolve("nano-scrach", List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("nano-scratch");
    assertThatThrownBy(() -> recipe("seed"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("key=value");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "extends: nano-scratch\\nstage1: {max_steps: 5}\\nstage1: {learning_rate: 0.5} | 3 | 'stage1'",
        "extends: nano-scratch\\nstage1:\\n  max_steps: 5\\n  max_steps: 6 | 4 | 'max_steps'",
        "extends: nano-scratch\\nseed: 1\\n---\\nseed: 2 | 4 | ''",
      })
  @BadInput(
      number = 80,
      value = "a key that stands twice in a recipe, or a second document behind the first",
      then = "an error that names file, line and key")
  void nothingOfARecipeIsLost(String text, int line, String key) throws IOException {
    Path file = Files.writeString(folder.resolve("twice.yaml"), text.replace("\\n", "\n"));
    assertThatThrownBy(() -> RecipeReader.resolve(file.toString(), List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("twice.yaml: broken YAML in line " + line)
        .hasMessageContaining(key);
    assertThatThrownBy(() -> recipe("model.vision.config={a: 1, a: 2}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("Duplicate field 'a'");
  }

  /** A run's recipe.yaml keeps the prefix, so that it can be resumed on another machine. */
  @Test
  void placesAreFoundWhenARecipeIsBound() {
    ObjectNode tree =
        RecipeReader.resolve(
            "nano-scratch",
            List.of("data.stage1=world:train/captions.json", "model.tokenizer=shipped:tokenizer"));
    Recipe recipe = RecipeReader.bind(tree);
    assertThat(recipe.data().stage1())
        .isEqualTo(Place.WORLD.folder().resolve("train/captions.json").toString());
    assertThat(recipe.model().tokenizer()).endsWith("nano/tokenizer");
    assertThat(tree.at("/data/stage1").textValue()).isEqualTo("world:train/captions.json");
    assertThat(Place.WORLD.isNamedIn(tree)).isTrue();
    assertThat(Place.WORLD.isNamedIn(RecipeReader.resolve("nano-scratch", List.of()))).isFalse();
  }

  @Test
  void anAliasIsNotTakenForItsName() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("alias.yaml"),
            "extends: nano-scratch\ndata: {stage1: &records a.json, stage2: *records}\n");
    assertThatThrownBy(() -> RecipeReader.resolve(file.toString(), List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("alias.yaml: broken YAML in line 2: aliases such as *records");
  }
}
